"""Pictures <-> independent tiles.

Tiles bound the memory, let all cores work, and keep damage local. All tiles of a picture are about
equally large, so that no sliver is left over; their corners lie on the preview's grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_EDGE = 1024
"""No tile is wider or higher."""

ALIGNMENT = 8
"""Tiles begin at multiples of this: the grid interval of the preview."""


@dataclass(frozen=True)
class Tile:
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def place(self) -> tuple[slice, slice]:
        """The rows and columns of the picture that the tile covers."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    @property
    def bottom(self) -> int:
        """The row behind the last one."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """The column behind the last one."""
        return self.left + self.width

    def common(self, other: "Tile") -> "Tile | None":
        """What both have in common; None where that is nothing."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        height = min(self.bottom, other.bottom) - top
        width = min(self.right, other.right) - left
        return Tile(top, left, height, width) if height > 0 and width > 0 else None

    def within(self, outer: "Tile") -> "Tile":
        """The same, counted from the corner of `outer`."""
        return Tile(self.top - outer.top, self.left - outer.left, self.height, self.width)

    def place_at(self, interval: int) -> tuple[slice, slice]:
        """The same on the grid of `interval` (a divisor of ALIGNMENT)."""
        rows, columns = self.place
        return (
            slice(rows.start // interval, -(-rows.stop // interval)),
            slice(columns.start // interval, -(-columns.stop // interval)),
        )


def _cuts(length: int) -> list[tuple[int, int]]:
    """Cut `length` pixels into the fewest (start, length) pieces of about equal length."""
    pieces = -(-length // MAX_EDGE)
    step = -(-length // (pieces * ALIGNMENT)) * ALIGNMENT
    return [(start, min(step, length - start)) for start in range(0, length, step)]


def hull(parts: Sequence[Tile]) -> Tile:
    """The least rectangle around all of `parts`."""
    top, left = min(part.top for part in parts), min(part.left for part in parts)
    bottom, right = max(part.bottom for part in parts), max(part.right for part in parts)
    return Tile(top, left, bottom - top, right - left)


def tiles(height: int, width: int) -> list[Tile]:
    """The tiles of a picture, row by row."""
    return [
        Tile(top, left, tile_height, tile_width)
        for top, tile_height in _cuts(height)
        for left, tile_width in _cuts(width)
    ]
