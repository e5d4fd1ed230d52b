"""A picture's components, strip by strip: which networks code which, and the stream of a strip.

A strip is some rows of MCUs over the whole width. Strips know nothing of each other, so they are
coded at the same time, take bounded memory, and those before a damage can be shown.

A strip holds the DC coefficients of all components, then the AC coefficients of each: luminance
before colour, low frequencies before high ones. The last groups of these may be a second stream
(`symbols`).

Where components are Y, Cb and Cr and luminance is not the coarser one, Cb and Cr are "colour": told
by luminance. Every other component is coded by itself, as luminance is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.jpeg import side
from pillow_colorgrid.codings.jpeg.symbols import Coder, Reader
from pillow_colorgrid.codings.jpeg.walk import Plane, Predict, Walk
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg.geometry import Geometry
from pillow_colorgrid.jpeg.picture import block_shape

STRIP_PIXELS = 1 << 21
"""At most about so many pixels are a strip: what its networks need in memory is 100 MB.

Smaller strips that two threads share cost time: below 3 megapixels passes are so short that threads
wait for Python's lock. Kodak's pictures as two strips decode at 1.1 megapixels a second, as one at
1.9, and are 0.15 % smaller."""


@dataclass(frozen=True)
class Frame:
    """Where the blocks of a picture's components lie.

    Attributes:
        geometry: sampling factors and tables.
        shapes: rows and columns of blocks of each component.
        mcu_rows: in the whole picture.
        strip_rows: rows of MCUs in a strip; the last strip may have fewer.
    """

    geometry: Geometry
    shapes: tuple[tuple[int, int], ...]
    mcu_rows: int
    strip_rows: int

    @property
    def strips(self) -> int:
        """How many there are."""
        return -(-self.mcu_rows // self.strip_rows)

    def rows(self, component: int, strip: int) -> slice:
        """The rows of blocks of a component in a strip."""
        high = self._high(component)
        first, last = strip * self.strip_rows, (strip + 1) * self.strip_rows
        rows = self.shapes[component][0]
        return slice(min(first * high, rows), min(last * high, rows))

    def strips_of(self, top: int, bottom: int) -> range:
        """The strips of some rows of pixels, `bottom` being the one behind the last."""
        high = 8
        if len(self.shapes) > 1:
            high *= max(part.vertical for part in self.geometry.components)
        last = min(-(-bottom // high), self.mcu_rows)
        return range(max(top, 0) // high // self.strip_rows, -(-last // self.strip_rows))

    def _high(self, component: int) -> int:
        return 1 if len(self.shapes) == 1 else self.geometry.components[component].vertical

    @property
    def colored(self) -> tuple[int, int] | None:
        """Luminance blocks that a colour block covers, downwards and across; None: no colour."""
        parts = self.geometry.components
        if self.geometry.transform not in ("ycc", "ycck"):
            return None
        luminance, cb, cr = parts[:3]
        if (cb.horizontal, cb.vertical) != (cr.horizontal, cr.vertical):
            return None
        if luminance.vertical % cb.vertical or luminance.horizontal % cb.horizontal:
            return None
        return luminance.vertical // cb.vertical, luminance.horizontal // cb.horizontal


def frame_of(geometry: Geometry, width: int, height: int, strip_rows: int | None = None) -> Frame:
    """Lay out a picture.

    Args:
        strip_rows: of MCUs; None: what STRIP_PIXELS makes of it.

    Raises:
        DamagedError: `strip_rows` is 0.
    """
    parts = geometry.components
    wide = max(part.horizontal for part in parts)
    high = max(part.vertical for part in parts)
    shapes = tuple(
        block_shape(width, height, part.horizontal, part.vertical, wide, high) for part in parts
    )
    single = len(parts) == 1
    mcu_rows = shapes[0][0] if single else -(-height // (8 * high))
    if strip_rows is None:
        mcu_height = 8 if single else 8 * high
        strip_rows = min(mcu_rows, max(1, STRIP_PIXELS // (width * mcu_height)))
        count = -(-mcu_rows // strip_rows)
        strip_rows = -(-mcu_rows // count)  # strips of nearly equal height
    if strip_rows < 1:
        raise DamagedError("strips of 0 rows, allowed: 1 or more")
    return Frame(geometry, shapes, mcu_rows, strip_rows)


def planes_of(frame: Frame, strip: int, coefficients: Sequence[np.ndarray]) -> list[Plane]:
    """The planes of a strip; their coefficients are copies.

    Args:
        coefficients: of the whole picture, (rows, columns, 64) for each component.
    """
    return [
        Plane(
            np.ascontiguousarray(whole[frame.rows(number, strip)].transpose(2, 0, 1)),
            part.table.astype(np.int32),
        )
        for number, (whole, part) in enumerate(
            zip(coefficients, frame.geometry.components, strict=True)
        )
    ]


def empty_planes(frame: Frame, strip: int) -> list[Plane]:
    """Planes for a decoder to fill."""
    planes = []
    for number, (part, shape) in enumerate(
        zip(frame.geometry.components, frame.shapes, strict=True)
    ):
        rows = frame.rows(number, strip)
        empty = np.zeros((64, rows.stop - rows.start, shape[1]), np.int16)
        planes.append(Plane(empty, part.table.astype(np.int32)))
    return planes


def code(
    predict: Predict,
    frame: Frame,
    planes: list[Plane],
    coder: Coder,
    decoding: bool,
    last_diagonal: int | None = None,
) -> None:
    """The whole way through a strip, for the encoder and the decoder.

    Args:
        planes: are filled by a decoder.
        last_diagonal: a decoder may stop: 0 behind DC, else behind the group of luminance that
            ends with this diagonal.
    """
    walk = Walk(predict, decoding)
    ratio = frame.colored
    alone = [n for n in range(len(planes)) if ratio is None or n not in (1, 2)]
    for number in alone:
        walk.dc(coder, "luminance", planes[number], [])
    if ratio is not None:
        luminance, cb, cr = planes[:3]
        known = side.dc_at_color(luminance.values[0], *cb.shape, *ratio)
        walk.dc(coder, "cb", cb, [known])
        walk.dc(coder, "cr", cr, [known, cb.values[0]])
    if last_diagonal == 0:
        return
    for number in alone:
        walk.luminance(coder, planes[number], last_diagonal)
    if ratio is not None and last_diagonal is None:
        walk.color(coder, [cb, cr], side.at_color(luminance.values, *cb.shape, *ratio))


def decode(
    predict: Predict,
    frame: Frame,
    strip: int,
    payload: bytes,
    corrections: Mapping[str, int],
    last_diagonal: int | None = None,
) -> list[np.ndarray]:
    """The coefficients of a strip: for each component (rows, columns, 64) int16.

    Raises:
        DamagedError: the stream is damaged.
    """
    planes = empty_planes(frame, strip)
    try:
        reader = Reader(payload, corrections)
        code(predict, frame, planes, reader, decoding=True, last_diagonal=last_diagonal)
        if last_diagonal is None:
            reader.finish()
    except StreamError as error:
        raise DamagedError(f"strip {strip} of a JPEG picture is damaged: {error}") from error
    return [plane.coefficients.transpose(1, 2, 0) for plane in planes]
