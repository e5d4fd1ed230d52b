"""A picture of mode L, RGB or RGBA, and what is known of it before a coding is chosen."""

from functools import cache

from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.choosing.looks import probe, seen_of
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.container import size_bytes


class Subject:
    """What is to be encoded, and how.

    Attributes:
        share: what the probe leaves of the pixels that are seen.
        quick: stored at once, as WebP; made when it is first asked for, and once.
    """

    def __init__(self, picture: Picture, options: Options) -> None:
        self.picture, self.options = picture, options
        self.share = probe(seen_of(picture.pixels))
        self.quick = cache(lambda: stored.quick(picture))

    def quick_bytes(self) -> int:
        """The size of `quick`."""
        return size_bytes(self.quick().sections)
