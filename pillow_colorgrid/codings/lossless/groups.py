"""Groups of small pictures: all pixels of a plane in a pass, at whichever place of their cells."""

from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.lossless import levels
from pillow_colorgrid.codings.lossless.distribution import Distribution


@dataclass(frozen=True)
class Group:
    """Pixels of a plane that the entropy coder takes at once, one place after the other.

    Attributes:
        places: of the cells of a level; those of a level's only place are just its pixels.
        wheres: where in a plane (1, H, W) they are.
        shapes: rows and columns of pixels that there are at each place.
        cells: rows and columns of cells.
    """

    places: tuple[tuple[int, int], ...]
    wheres: tuple[tuple[slice, slice], ...]
    shapes: tuple[tuple[int, int], ...]
    cells: tuple[int, int]

    @staticmethod
    def of_level(level: np.ndarray, interval: int, places: tuple[tuple[int, int], ...]) -> "Group":
        """Of `level` (1, h, w), which a plane is on the grid of `interval`."""
        height, width = level.shape[1:]
        return Group(
            places,
            tuple(levels.where(interval, at) for at in places),
            tuple(((height + 1 - row) // 2, (width + 1 - column) // 2) for row, column in places),
            levels.cells(height, width),
        )

    @staticmethod
    def of_grid(plane: np.ndarray, interval: int) -> "Group":
        """All pixels of the grid of `interval` of a plane (1, H, W)."""
        every = slice(None, None, interval)
        height, width = levels.level(plane, interval).shape[1:]
        return Group((levels.KNOWN,), ((every, every),), ((height, width),), (height, width))

    def of(self, plane: np.ndarray) -> np.ndarray:
        """The pixels (n,) of a plane."""
        return _joined([plane[:, *where] for where in self.wheres])

    def fill(self, plane: np.ndarray, values: np.ndarray) -> None:
        """Put values (n,) into a plane."""
        for where, (height, width), part in zip(
            self.wheres, self.shapes, self._apart(values), strict=True
        ):
            plane[0, *where] = part.reshape(height, width)

    def distribution(self, found: Distribution) -> Distribution:
        """Of cells (places, rows, columns) those of pixels that there are: (n,)."""
        return Distribution(self.of_cells(found.mean), self.of_cells(found.scale_class))

    def of_cells(self, values: np.ndarray) -> np.ndarray:
        """Of values (places, rows, columns) those of pixels that there are: (n,)."""
        if self._complete():
            return values.reshape(-1)
        return _joined([v[:h, :w] for v, (h, w) in zip(values, self.shapes, strict=True)])

    def to_cells(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `of_cells`; where there is no pixel stands 0."""
        if self._complete():
            return values.reshape(len(self.places), *self.cells)
        found = np.zeros((len(self.places), *self.cells), values.dtype)
        for on_cells, (height, width), part in zip(
            found, self.shapes, self._apart(values), strict=True
        ):
            on_cells[:height, :width] = part.reshape(height, width)
        return found

    def _complete(self) -> bool:
        return all(shape == self.cells for shape in self.shapes)

    def _apart(self, values: np.ndarray) -> list[np.ndarray]:
        if len(self.shapes) == 1:
            return [values]
        ends = np.cumsum([height * width for height, width in self.shapes[:-1]])
        return np.split(values, ends)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    flat = [part.reshape(-1) for part in parts]
    return flat[0] if len(flat) == 1 else np.concatenate(flat)
