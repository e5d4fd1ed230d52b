"""Where the blocks of a scan lie: one flat array of coefficients, MCUs, blocks without picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pillow_colorgrid.jpeg.picture import Coefficients, block_shape


@dataclass(frozen=True)
class Plane:
    """One component's blocks.

    Attributes:
        rows: block rows that hold picture.
        columns: block columns that hold picture.
        all_rows: block rows with those that fill the last MCUs.
        all_columns: block columns with those that fill the last MCUs.
        offset: its first coefficient in the flat array.
        horizontal: sampling factor.
        vertical: sampling factor.
    """

    rows: int
    columns: int
    all_rows: int
    all_columns: int
    offset: int
    horizontal: int
    vertical: int


class Layout:
    """The planes of a picture, in one flat int16 array of whole MCUs."""

    def __init__(self, width: int, height: int, factors: list[tuple[int, int]]) -> None:
        """Lay out components of these (horizontal, vertical) sampling factors."""
        h_max = max(h for h, _ in factors)
        v_max = max(v for _, v in factors)
        self.mcu_columns = -(-width // (8 * h_max))
        self.mcu_rows = -(-height // (8 * v_max))
        self.planes: list[Plane] = []
        offset = 0
        for h, v in factors:
            rows, columns = block_shape(width, height, h, v, h_max, v_max)
            plane = Plane(rows, columns, self.mcu_rows * v, self.mcu_columns * h, offset, h, v)
            self.planes.append(plane)
            offset += plane.all_rows * plane.all_columns * 64
        self.size = offset

    def plane(self, flat: Coefficients, component: int) -> Coefficients:
        """(all_rows, all_columns, 64) view of one component."""
        plane = self.planes[component]
        count = plane.all_rows * plane.all_columns * 64
        part = flat[plane.offset : plane.offset + count]
        return part.reshape(plane.all_rows, plane.all_columns, 64)

    def dummies(self, component: int) -> NDArray[np.bool_]:
        """(all_rows, all_columns): True where a block holds no picture."""
        plane = self.planes[component]
        mask = np.ones((plane.all_rows, plane.all_columns), bool)
        mask[: plane.rows, : plane.columns] = False
        return mask


class ScanLayout:
    """The blocks of a scan in coding order.

    Attributes:
        rows: MCU rows.
        columns: MCU columns.
        per_mcu: blocks of an MCU.
        owners: for each block of an MCU the place of its component in the scan.
        count: blocks of the scan.
        restart: MCUs between restart markers, or 0.
    """

    def __init__(self, layout: Layout, components: tuple[int, ...], restart: int) -> None:
        """Lay out the scan of `components` (places in the frame)."""
        self.layout = layout
        self.components = components
        self.restart = restart
        self.owners: list[int] = []
        starts, steps = [], []
        alone = len(components) == 1
        if alone:
            plane = layout.planes[components[0]]
            self.rows, self.columns = plane.rows, plane.columns
        else:
            self.rows, self.columns = layout.mcu_rows, layout.mcu_columns
        for place, component in enumerate(components):
            plane = layout.planes[component]
            h, v = (1, 1) if alone else (plane.horizontal, plane.vertical)
            stride = plane.all_columns * 64
            for y in range(v):
                for x in range(h):
                    self.owners.append(place)
                    starts.append(plane.offset + y * stride + x * 64)
                    steps.append((v * stride, h * 64))
        self.per_mcu = len(self.owners)
        self.count = self.rows * self.columns * self.per_mcu
        self._starts = np.array(starts)
        self._steps = np.array(steps)

    def mcus(self, first: int, stop: int) -> NDArray[np.int64]:
        """(stop - first, per_mcu): place of the first coefficient of each block of these MCUs."""
        row, column = np.divmod(np.arange(first, stop), self.columns)
        places: NDArray[np.int64] = row[:, None] * self._steps[:, 0]
        places += column[:, None] * self._steps[:, 1]
        places += self._starts
        return places

    def blocks(self, first: int, stop: int) -> NDArray[np.int64]:
        """Place of the first coefficient of the blocks first..stop-1 of the scan."""
        lowest, highest = first // self.per_mcu, -(-stop // self.per_mcu)
        skip = first - lowest * self.per_mcu
        return self.mcus(lowest, highest).reshape(-1)[skip : skip + stop - first]

    def intervals(self) -> NDArray[np.int64]:
        """First block of each restart interval, and `count` at the end."""
        if not self.restart:
            return np.array([0, self.count])
        starts = np.arange(0, self.count, self.restart * self.per_mcu)
        return np.append(starts, self.count)

    def dc_order(self, place: int) -> NDArray[np.int64]:
        """Places in the flat array of all DC coefficients of one component, in coding order."""
        mine = np.flatnonzero(np.array(self.owners) == place)
        row = np.arange(self.rows)[:, None, None] * self._steps[mine, 0]
        column = np.arange(self.columns)[:, None] * self._steps[mine, 1]
        places: NDArray[np.int64] = self._starts[mine] + row + column
        return places.reshape(-1)
