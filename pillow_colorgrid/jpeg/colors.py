"""A JPEG's components, one value for each pixel -> the pixels that Pillow shows.

With Y, and P, Q = Cb, Cr less 128::

    R = Y + ((91881 Q + 32768) >> 16)
    G = Y + ((-22554 P - 46802 Q + 32768) >> 16)
    B = Y + ((116130 P + 32768) >> 16)

each clipped to 0..255 (origin 1 of this format's pictures). Four components come inverted: Adobe's
programs write CMYK so, and Pillow always takes it as theirs. Of "cmyk" each is 255 less the
component, of "ycck" R, G, B of the first three are C, M, Y (inverted twice), and K is 255 less it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.uint8]

HIGHEST = 255

COMPONENTS = {"grey": 1, "ycc": 3, "rgb": 3, "cmyk": 4, "ycck": 4}
"""Of each transform that is known here."""


def check(transform: str, components: int) -> None:
    """Raises ValueError where the transform is not known, or not one of so many components."""
    if COMPONENTS.get(transform) != components:
        raise ValueError(
            f"transform {transform!r} of {components} components, allowed are {COMPONENTS}"
        )


def paint(transform: str, planes: Sequence[Samples], pixels: Samples) -> None:
    """Set `pixels` (h, w, C) by planes (h, w) of the components."""
    if transform == "cmyk":
        for channel, plane in enumerate(planes):
            np.subtract(HIGHEST, plane, out=pixels[..., channel])
    elif transform in ("grey", "rgb"):
        for channel, plane in enumerate(planes):
            pixels[..., channel] = plane
    else:
        _paint_ycc(planes[0], planes[1], planes[2], pixels)
        if transform == "ycck":
            np.subtract(HIGHEST, planes[3], out=pixels[..., 3])


def _paint_ycc(y: Samples, cb: Samples, cr: Samples, pixels: Samples) -> None:
    luminance = y.astype(np.int16)
    p, q = cb.astype(np.int32), cr.astype(np.int32)
    p -= 128
    q -= 128
    work = np.empty_like(p)
    offset = np.empty_like(luminance)

    def channel(number: int) -> None:
        """The shifted `work` on top of luminance."""
        np.right_shift(work, 16, out=work)
        np.copyto(offset, work, casting="unsafe")
        np.add(offset, luminance, out=offset)
        np.clip(offset, 0, HIGHEST, out=offset)
        pixels[..., number] = offset

    np.multiply(q, 91881, out=work)
    work += 32768
    channel(0)
    np.multiply(p, 116130, out=work)
    work += 32768
    channel(2)
    p *= -22554
    q *= -46802
    np.add(p, q, out=work)
    work += 32768
    channel(1)
