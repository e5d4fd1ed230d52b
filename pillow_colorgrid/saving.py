"""`save`: what `Image.save` does for .cgx, with keywords that a type checker knows.

`Image.save` takes any keyword; a misspelt one is ignored. Here mypy and an editor see it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Literal, TypedDict, Unpack

from PIL import Image

from pillow_colorgrid.CgxImagePlugin import FORMAT


class SaveKeywords(TypedDict, total=False):
    """The keywords of `save`. Each belongs to the mode that is named, and is refused with another.

    Attributes:
        mode: the coding. "lossless" (default): every pixel. "decolorized": likewise, around an
            ordinary codec. "grid": luminance, and colour at the points of a grid. "near": every
            sample but for a bounded error.
        effort: 1 (fastest) to 9 (smallest); lossless, grid, near.
        max_error: by which no sample is off by more, 1 to 16; near.
        origin: "auto" looks for JPEG's and Photo CD's colour, or shorter channels; lossless, near.
        jpeg: "auto" keeps the coefficients of the JPEG file that the picture was opened from;
            "never" codes pixels; or the file's bytes or path; lossless.
        n: pixels from one stored colour to the next, 2 to 128; grid.
        quality: of the luminance, 1 to 100 (exact); grid.
        hints: what a stored colour tells; grid.
        levels: of the bottleneck, 8 to 256; decolorized.
        inner: the codec underneath; decolorized.
        predict: whether the network always foresees colour; decolorized.
        save_all: all frames of the picture, not only the current one; those of `append_images`
            follow.
        duration: of a frame, in milliseconds; a list: of each. loop: how often an animation is
            shown, 0 for ever. default_image: the first frame is no part of it.
        exif, icc_profile, xmp, comment, dpi, transparency: metadata in place of the picture's own;
            None drops it.
        info: whatever else is to stand in `Image.info`; None or {} drops it.
    """

    mode: Literal["lossless", "decolorized", "grid", "near"]
    effort: int
    max_error: int
    origin: Literal["auto", "none"]
    jpeg: str | bytes | os.PathLike[str]
    n: int
    quality: int
    hints: Literal["mean", "point"]
    levels: int
    inner: Literal["auto", "png", "webp", "zstd"]
    predict: Literal["auto", "always"]
    save_all: bool
    append_images: Iterable[Image.Image]
    duration: float | Sequence[float | None] | None
    loop: int | None
    default_image: bool
    exif: bytes | Image.Exif | None
    icc_profile: bytes | None
    xmp: bytes | None
    comment: bytes | str | None
    dpi: tuple[float, float] | None
    transparency: Any
    info: Mapping[str, Any] | None


def save(
    image: Image.Image,
    target: str | os.PathLike[str] | IO[bytes],
    **keywords: Unpack[SaveKeywords],
) -> None:
    """Write a picture as .cgx, whatever the name of `target` ends with.

    Raises:
        ValueError: a bad value, or an option of another mode.
        OSError: a picture that cannot be stored, or a disk that cannot be written.
    """
    image.save(target, FORMAT, **keywords)
