"""How the pattern of a dithered picture is shifted, column by column and row by row.

Renderers draw a screen in tiles and begin the pattern anew in each. What pixels are above their
plane, folded into 8 x 8, shows the pattern; how far it is shifted in each column and each row of
blocks follows by turns; then to the pixel where that changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pillow_colorgrid.codings.stored.encoder.gradient_blocks import BLOCK, Slope
from pillow_colorgrid.codings.stored.gradients import (
    PATTERN,
    PATTERN_EDGE,
    STEP_BITS,
    Plane,
    Runs,
    places_of,
)
from pillow_colorgrid.pixels import Bytes

EDGE = PATTERN_EDGE

CENTERED = PATTERN / 64 - 63 / 128

SHIFTED = np.stack(
    [np.roll(CENTERED, (-down, -across), (0, 1)) for down in range(EDGE) for across in range(EDGE)]
)
"""(64, 8, 8): as it is seen from pixel (0, 0) where it is shifted by (down, across)."""

DITHERED = 0.5
"""Pixels show the pattern to such a share where it was added, and hardly where not."""

TURNS, MOST_TURNS = 4, 8

CHANGE = 0.5
"""What a change of the shift must gain, in blocks that show the whole pattern: half a block."""

WRONG = 20.0
"""What it must gain, in pixels."""

NEAR = 2
"""A change lies so many blocks before or behind where blocks see it, at most."""

IRREGULAR = 3
"""Pixels by which tiles may seem to begin elsewhere than others say: there was little to see."""

VARIES = 1e-3
"""Channels that slope less, by value a pixel, are the same everywhere: they show no pattern."""


def residuals(pixels: Bytes, slope: Slope) -> tuple[np.ndarray, np.ndarray]:
    """What pixels of a gradient's blocks are above their plane, mean over channels that slope.

    Returns:
        (n, BLOCK, BLOCK) float32, and (n, 2) the blocks' rows and columns.
    """
    channels = np.abs(slope.planes[:, 1:]).max(axis=1) > VARIES
    if not channels.any():
        channels[:] = True
    places = np.argwhere(slope.members)
    height, width = slope.members.shape
    cut = pixels[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK, -1)
    chosen = cut[places[:, 0], :, places[:, 1]]
    inside = np.arange(BLOCK)
    rows, columns = (BLOCK * places[:, axis, None] + inside for axis in range(2))
    start, right, down = slope.planes[channels].mean(axis=0)
    planes = start + right * columns[:, None, :] + down * rows[:, :, None]
    found = chosen[..., channels].mean(axis=3, dtype=np.float32) - planes.astype(np.float32)
    return found, places


def _scores(found: np.ndarray) -> np.ndarray:
    """(n, 64): how much of the pattern blocks show, by its shift; 1: all of it."""
    folded = found.reshape(len(found), BLOCK // EDGE, EDGE, BLOCK // EDGE, EDGE).mean(axis=(1, 3))
    whole = float((CENTERED**2).sum())
    scores: np.ndarray = folded.reshape(len(found), -1) @ SHIFTED.reshape(64, -1).T / whole
    return scores


def is_dithered(found: np.ndarray) -> bool:
    """Whether blocks (n, BLOCK, BLOCK) of `residuals` show the pattern."""
    return bool(np.median(_scores(found).max(axis=1)) > DITHERED)


def first_runs(
    parts: Sequence[tuple[np.ndarray, np.ndarray]], shape: tuple[int, int]
) -> tuple[Runs, Runs]:
    """Runs of columns and of rows of a picture whose blocks are `shape`, about.

    Its finest bits hardly show in this way.

    Args:
        parts: `residuals` of each dithered gradient.
    """
    found = np.concatenate([part for part, _ in parts])
    places = np.concatenate([place for _, place in parts])
    shifts = _of_blocks(_scores(found).reshape(-1, EDGE, EDGE), places, shape)
    total = [_sums(found, places, shifts[1 - axis], axis, shape) for axis in range(2)]
    rows, columns = (_to_the_pixel(shifts[axis], total[axis]) for axis in range(2))
    return columns, rows


def _of_blocks(
    scores: np.ndarray, places: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Shifts of rows and of columns of blocks.

    Args:
        scores: (n, down, across).
    """
    rows, columns = places.T
    most = int(np.bincount(rows, minlength=shape[0]).argmax())
    here = rows == most
    # in one row the columns choose for themselves; so its own shift is the one they like best
    down = int(scores[here].max(axis=2).sum(axis=0).argmax())
    of_rows, of_columns = np.full(shape[0], -1), np.full(shape[1], -1)
    of_rows[most] = down
    for _ in range(TURNS):
        of_columns = _best(scores, of_rows, rows, columns, shape[1])
        of_rows = _best(scores.transpose(0, 2, 1), of_columns, columns, rows, shape[0])
    return of_rows, of_columns


def _best(
    scores: np.ndarray, known: np.ndarray, of_known: np.ndarray, wanted: np.ndarray, count: int
) -> np.ndarray:
    """The best shifts along one axis, where some along the other are known."""
    here = known[of_known] >= 0
    total = np.zeros((count, EDGE))
    np.add.at(total, wanted[here], scores[here, known[of_known[here]]])
    return _steady(total, CHANGE)


def _steady(total: np.ndarray, change: float) -> np.ndarray:
    """(n,) of (n, 8) scores the best shifts, each change of which costs `change` (Viterbi)."""
    reached = total[0]
    came_from = np.zeros(total.shape, int)
    for line, scores in enumerate(total[1:], 1):
        changed = int(reached.argmax())
        stays = reached >= reached[changed] - change
        came_from[line] = np.where(stays, np.arange(EDGE), changed)
        reached = np.maximum(reached, reached[changed] - change) + scores
    found = np.empty(len(total), int)
    found[-1] = reached.argmax()
    for line in range(len(total) - 1, 0, -1):
        found[line - 1] = came_from[line, found[line]]
    return found


def _sums(
    found: np.ndarray, places: np.ndarray, across: np.ndarray, axis: int, shape: tuple[int, int]
) -> np.ndarray:
    """(lines, 8): how well each line of pixels shows the pattern at each of its own places.

    Args:
        across: the shifts of blocks along the other axis.
        axis: 0: lines are rows.
    """
    if axis:
        found, places = found.transpose(0, 2, 1), places[:, ::-1]
    pattern = CENTERED.T if axis else CENTERED  # [place of the line, place along it]
    total = np.zeros((shape[axis], BLOCK, EDGE))
    inside = np.arange(BLOCK)
    for shift in range(EDGE):
        here = across[places[:, 1]] == shift
        seen = pattern[:, (inside + shift) % EDGE].astype(np.float32)
        np.add.at(total, places[here, 0], found[here] @ seen.T)
    return total.reshape(-1, EDGE)


def _to_the_pixel(shifts: np.ndarray, sums: np.ndarray) -> Runs:
    """Runs of pixels from shifts of blocks.

    Args:
        sums: as `_sums` gives them.
    """
    found = [(0, int(shifts[0]))]
    for block in (np.flatnonzero(np.diff(shifts)) + 1).tolist():
        before, behind = int(shifts[block - 1]), int(shifts[block])
        begin = max(found[-1][0] + 1, (block - NEAR) * BLOCK)
        lines = np.arange(begin, min((block + NEAR) * BLOCK, len(sums)))
        gain = sums[lines, (lines + before) % EDGE] - sums[lines, (lines + behind) % EDGE]
        found.append((begin + int(np.argmax(np.concatenate([[0.0], np.cumsum(gain)]))), behind))
    return tuple(found)


def _regular(found: list[tuple[int, int]]) -> Runs:
    """The same with tiles that are equally large, if they nearly are."""
    firsts = np.array([first for first, _ in found[1:]])
    if len(firsts) < 3:
        return tuple(found)
    pitch = int(np.median(np.diff(firsts)))
    steps = pitch * np.rint((firsts - firsts[0]) / pitch).astype(int)
    begin = int(np.median(firsts - steps))
    regular = begin + steps
    if np.abs(regular - firsts).max() > IRREGULAR:
        return tuple(found)
    shifts = [shift for _, shift in found]
    return tuple(zip([0, *regular.tolist()], shifts, strict=True))


# -- to the last bit, where planes are known ------------------------------------------------------


@dataclass(frozen=True)
class Bounds:
    """At some pixels what the pattern, in 64ths, must be: from `least` to below `most`."""

    rows: np.ndarray
    columns: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, pixels: Bytes, slope: Slope, planes: Sequence[Plane], count: int) -> "Bounds":
        """Of about so many pixels of a gradient's blocks."""
        places = np.argwhere(slope.members)
        places = places[:: max(1, len(places) * BLOCK**2 // count)]
        inside = np.arange(BLOCK)
        rows, columns = (
            np.broadcast_to(at, (len(places), BLOCK, BLOCK)).ravel()
            for at in (
                (BLOCK * places[:, 0, None] + inside)[:, :, None],
                (BLOCK * places[:, 1, None] + inside)[:, None, :],
            )
        )
        starts, rights, downs = np.array([(p.start, p.right, p.down) for p in planes]).T
        exact = starts + rights * columns[:, None] + downs * rows[:, None]
        above = exact / 2.0**STEP_BITS - pixels[rows, columns]
        return cls(rows, columns, -64 * above.min(axis=1), 64 - 64 * above.max(axis=1))

    def wrong(self, of_rows: Runs, shape: tuple[int, ...], pattern: np.ndarray) -> np.ndarray:
        """(columns, 8): how many are wrong, by the shift of each column.

        Args:
            shape: (height, width) of the picture.
            pattern: (rows, columns).
        """
        down = places_of(of_rows, 0, shape[0])[self.rows]
        found = np.empty((shape[1], EDGE))
        for place in range(EDGE):
            value = pattern[down, place]
            failed = (value < self.least) | (value >= self.most)
            found[:, place] = np.bincount(self.columns[failed], minlength=shape[1])
        lines = np.arange(shape[1])[:, None]
        shifted: np.ndarray = found[lines, (lines + np.arange(EDGE)) % EDGE]
        return shifted

    def turned(self) -> "Bounds":
        """With rows for columns."""
        return Bounds(self.columns, self.rows, self.least, self.most)


def settled(bounds: Bounds, columns: Runs, rows: Runs, shape: tuple[int, int]) -> tuple[Runs, Runs]:
    """Runs that say what pixels say.

    Args:
        columns, rows: about; shape: (height, width) of the picture.
    """
    for _ in range(MOST_TURNS):
        before = columns, rows
        columns = _runs(_steady(-bounds.wrong(rows, shape, PATTERN), WRONG))
        rows = _runs(_steady(-bounds.turned().wrong(columns, shape[::-1], PATTERN.T), WRONG))
        if (columns, rows) == before:
            break
    return columns, rows


def _runs(shifts: np.ndarray) -> Runs:
    """Of a shift for each line."""
    firsts = [0, *(np.flatnonzero(np.diff(shifts)) + 1).tolist()]
    return _regular([(first, int(shifts[first])) for first in firsts])
