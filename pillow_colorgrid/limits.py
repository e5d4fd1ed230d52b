"""What a file may ask for before it is refused.

They keep a small hostile file from costing much memory or time. To allow more, set the name here,
as one sets `PIL.Image.MAX_IMAGE_PIXELS`; None takes a limit away::

    import pillow_colorgrid.limits
    pillow_colorgrid.limits.MAX_METADATA_BYTES = 2**30

The number of pixels is Pillow's own limit, `PIL.Image.MAX_IMAGE_PIXELS`.
"""

MAX_METADATA_BYTES: int | None = 64 * 2**20
"""All sections before the pixels together: EXIF, ICC profile, XMP, palette, comment, ..."""

MAX_SECTIONS: int | None = 65_536
"""Sections of a file. A picture of 30,000 x 30,000 pixels has some thousands."""

MAX_JPEG_SCANS: int | None = 100
"""Scans of a JPEG file inside a .cgx file, those of its previews too: each is a pass over the whole
picture, so that a small file could take very long (100 scans of 12 megapixels: 0.8 s). Encoders
write at most 64, and mostly about ten."""


MAX_FRAMES: int | None = 16_384
"""Frames of a file, repetitions included: nine minutes at 30 a second."""

MAX_FRAMES_PIXELS: int | None = 2**35
"""Pixels of all frames of a file together, as shown: 16,384 of 1920 x 1080."""

MAX_FRAME_PATCHES: int | None = 4096
"""Patches that one frame is made of: its own, and those of the frames that it is based on."""

MAX_FRAME_COST: int | None = 64
"""Pixels that are decoded for one frame, as a multiple of those that it has."""


def check(name: str, found: int) -> None:
    """Compare `found` with the limit `name`, as it is set now.

    Raises:
        LimitError: naming the limit, what was found and what is allowed.
    """
    from pillow_colorgrid.errors import LimitError

    limit = globals()[name]
    if limit is not None and found > limit:
        raise LimitError(f"{found} exceed pillow_colorgrid.limits.{name} = {limit}")
