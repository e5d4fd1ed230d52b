"""The section JPEG: all of a file but its coefficients. It comes first, for `Image.open` reads it.

    1       flags: 1 the file can be restored, 2 it tells the metadata, 4 corrections,
            8 the recipe is packed by zstd, 16 the file is kept as it is
    varint  rows of MCUs in a strip (0: kept as it is)
    varint  bytes of the geometry, and the geometry (`jpeg.geometry`)
    16      corrections, where flagged: 4 bits for each of `keys.KEYS`, low nibble first, + 8
    ...     the recipe (`jpeg.recipe`), where the file can be restored

A varint is little-endian base 128, as in the recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pillow_colorgrid.codings.jpeg.keys import KEYS
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.jpeg.numbers import Source, varint

RESTORABLE, TELLS_METADATA, CORRECTED, PACKED, AS_IT_IS = 1, 2, 4, 8, 16

ALL_FLAGS = RESTORABLE | TELLS_METADATA | CORRECTED | PACKED | AS_IT_IS

CORRECTION_BYTES = (len(KEYS) + 1) // 2

CORRECTIONS = range(-8, 8)
"""In scale classes: up to an octave narrower or wider."""

MAX_GEOMETRY_BYTES = 2048

LARGE_RECIPE_BYTES = 1 << 20
"""What is larger holds other pictures for the most part, which no zstd makes smaller."""

MAX_RECIPE_BYTES, MAX_RECIPE_RATIO = 64 << 20, 16
"""A packed recipe has no more bytes than the first, or than so many times those of its frame.

It holds previews and whatever else programs put behind a picture; that packs badly."""


def largest_recipe(packed: bytes) -> int:
    """Bytes that a packed recipe may have."""
    return max(MAX_RECIPE_BYTES, MAX_RECIPE_RATIO * len(packed))


def _level(recipe: bytes) -> int:
    """Of zstd: its best takes a second for each megabyte, which hostile files have by hundreds."""
    return 19 if len(recipe) <= LARGE_RECIPE_BYTES else 3


@dataclass(frozen=True)
class Head:
    """What the section says.

    Attributes:
        restorable: the very file can be restored.
        tells_metadata: `Image.info` is what Pillow finds in the file.
        as_it_is: the file is kept in one piece, in a section of its own.
        strip_rows: rows of MCUs in a strip.
        geometry: packed by `jpeg.geometry`.
        recipe: packed by `jpeg.recipe`, unless `as_it_is`.
        corrections: scale classes by pass.
    """

    restorable: bool
    tells_metadata: bool
    strip_rows: int = 0
    geometry: bytes = b""
    recipe: bytes = b""
    as_it_is: bool = False
    corrections: Mapping[str, int] = field(default_factory=dict)

    def pack(self) -> bytes:
        """The bytes of the section."""
        recipe, packed = self.recipe, 0
        if len(recipe) > 64:
            import zstandard

            smaller = zstandard.ZstdCompressor(level=_level(recipe)).compress(recipe)
            if len(smaller) < len(recipe) <= largest_recipe(smaller):
                recipe, packed = smaller, PACKED
        corrected = any(self.corrections.values())
        flags = (
            (RESTORABLE if self.restorable else 0)
            | (TELLS_METADATA if self.tells_metadata else 0)
            | (CORRECTED if corrected else 0)
            | packed
            | (AS_IT_IS if self.as_it_is else 0)
        )
        out = bytes([flags]) + varint(self.strip_rows) + varint(len(self.geometry))
        out += self.geometry
        if corrected:
            nibbles = [self.corrections.get(key, 0) + 8 for key in KEYS] + [8]
            out += bytes(
                low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=False)
            )
        return out + recipe

    @classmethod
    def unpack(cls, data: bytes) -> "Head":
        """The inverse of `pack`.

        Raises:
            DamagedError: naming what was found and what is allowed.
        """
        source = Source(data)
        try:
            flags, strip_rows, size = source.byte(), source.varint(), source.varint()
            if flags & ~ALL_FLAGS:
                raise DamagedError(f"JPEG section with flags {flags:#x}, known are {ALL_FLAGS:#x}")
            if size > MAX_GEOMETRY_BYTES:
                raise DamagedError(
                    f"geometry of {size} bytes, allowed {MAX_GEOMETRY_BYTES} at most"
                )
            geometry = source.take(size)
            given = source.take(CORRECTION_BYTES if flags & CORRECTED else 0)
        except ValueError as error:
            raise DamagedError(f"a JPEG section of {len(data)} bytes: {error}") from error
        nibbles = [n for byte in given for n in (byte & 15, byte >> 4)]
        if len(nibbles) > len(KEYS) and nibbles[-1] != 8:
            raise DamagedError(f"the last half byte of the corrections is {nibbles[-1]}, not 8")
        corrections = {key: n - 8 for key, n in zip(KEYS, nibbles, strict=False)}
        recipe = data[source.at :]
        if flags & PACKED:
            from pillow_colorgrid.entropy import zstd  # not needed for most files

            recipe = zstd.unpacked_up_to(recipe, largest_recipe(recipe), what="recipe")
        return cls(
            bool(flags & RESTORABLE),
            bool(flags & TELLS_METADATA),
            strip_rows,
            geometry,
            recipe,
            bool(flags & AS_IT_IS),
            corrections,
        )
