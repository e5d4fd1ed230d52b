"""Does it help to learn from what of the same tile is decoded already? Backward, without a bit.

    python -m tools.bench.backward --data DIR --out tools/results/backward.tsv

The networks tell a class of scale, the table tells the frequencies of that class. Both are of the
training; a picture differs. The default sends an adaptation for that. Here, with it and without it,
values are priced (ideal code lengths) in the order of the stream, a pass as one to 16 parts, and
from all parts before

- each class of each plane is moved by up to three classes, if that would have paid, and/or
- the frequencies of each row become a mixture: the table's as if it had been PRIOR_COUNT values,
  and what was counted.

Crops of the training that were not trained on. Eight minutes on one core, networks 60: beside an
adaptation 0.17 % at most, with sixteen parts a pass; so the default does not learn backward. Where
there is no adaptation, as at efforts 1 to 3, classes moved after whole passes gain 0.5 %, in 16
parts 0.8 %, with mixed frequencies 1.1 %; an adaptation gains 2.5 %.
"""

import argparse
import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pillow_colorgrid.codings.lossless.coding import split
from pillow_colorgrid.codings.lossless.distribution import CLASSES, Distribution
from pillow_colorgrid.codings.lossless.encoder.encoding import FITTINGS_BY_EFFORT
from pillow_colorgrid.codings.lossless.encoder.regression import fit
from pillow_colorgrid.codings.lossless.levels import Where
from pillow_colorgrid.codings.lossless.model import MODELS_BY_EFFORT, Model, model
from pillow_colorgrid.codings.lossless.pieces import PREVIEW, TILE, code_interleaved, preview_of
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.lossless.stream import prices, symbols_of
from tools.data.crops import load_crops

EFFORT = 5

PARTS = (1, 4, 16)
"""A pass is learned from after so many parts of it."""

MOST_MOVED = 3
"""Classes that a class is moved by at most, each way."""

LEAST_GAIN_BITS = 24.0
"""So much must moving have gained before."""

PRIOR_COUNTS = (1000, 4000, 16000)
"""The table's frequencies count as so many values."""

Pass = tuple[int, np.ndarray, Distribution]
"""Plane, values and their distributions, all flat."""


class Recorder:
    """A stream that keeps what it is given."""

    def __init__(self) -> None:
        self.passes: list[Pass] = []

    def code(self, number: int, plane: np.ndarray, where: Where, found: Distribution) -> None:
        """Append one plane of a pass."""
        flat = Distribution(found.mean.reshape(-1), found.scale_class.reshape(-1))
        self.passes.append((number, plane[:, *where].reshape(-1), flat))


def record(planes: list[np.ndarray], by: Model) -> list[Pass]:
    """All passes of a picture of one tile."""
    recorder, predictor = Recorder(), Predictor(by)
    code_interleaved(preview_of(planes), PREVIEW, predictor, recorder)
    code_interleaved(planes, TILE, predictor, recorder)
    return recorder.passes


def in_parts(passes: list[Pass], count: int) -> list[Pass]:
    found = []
    for number, values, where in passes:
        for chosen in np.array_split(np.arange(len(values)), count):
            if len(chosen):
                part = Distribution(where.mean[chosen], where.scale_class[chosen])
                found.append((number, values[chosen], part))
    return found


def priced(passes: list[Pass], by: Model, moves: bool, prior: int) -> float:
    """Bits of all values, learning as they come.

    Args:
        moves: whether classes are moved.
        prior: of the frequencies; 0 leaves them as they are.
    """
    table = prices(by.frequencies)
    likely = np.exp2(-table.astype(np.float64))
    shifts = np.arange(-MOST_MOVED, MOST_MOVED + 1)
    spent = np.zeros((3, CLASSES, len(shifts)))
    counts = np.zeros(table.shape, np.float32)
    seen = np.zeros(len(table))
    total = 0.0
    for number, values, found in passes:
        classes = found.scale_class
        if moves:
            best = spent[number].argmin(axis=1)
            gains = spent[number][:, MOST_MOVED] - spent[number].min(axis=1)
            moved = np.where(gains > LEAST_GAIN_BITS, shifts[best], 0)[classes]
            for index, shift in enumerate(shifts):
                there = replace(found, scale_class=(classes + shift).clip(0, CLASSES - 1))
                bits = table[symbols_of(number, values, there)]
                spent[number][:, index] += np.bincount(classes, bits, minlength=CLASSES)
            found = replace(found, scale_class=(classes + moved).clip(0, CLASSES - 1))
        rows, symbols = symbols_of(number, values, found)
        if not prior:
            total += float(table[rows, symbols].sum(dtype=np.float64))
            continue
        mixed = likely[rows, symbols] * prior + counts[rows, symbols]
        total += float(-np.log2(mixed / (prior + seen[rows])).sum())
        np.add.at(counts, (rows, symbols), 1)
        seen += np.bincount(rows, minlength=len(seen))
    return total


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the crops of the training")
    parser.add_argument("--every", type=int, default=3, help="of those not trained on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    plain = model(MODELS_BY_EFFORT[EFFORT])
    ways = [(1, False, 0)]
    ways += [(count, True, 0) for count in PARTS]
    ways += [(count, False, prior) for count in PARTS for prior in PRIOR_COUNTS]
    ways += [(PARTS[-1], True, prior) for prior in PRIOR_COUNTS]
    bits: dict[tuple[bool, int, bool, int], float] = defaultdict(float)
    pixels = 0
    for rgb in tqdm(load_crops(options.data, held_out=True)[:: options.every], disable=None):
        planes = split(rgb)
        pixels += planes[0].size
        sent = fit([planes], FITTINGS_BY_EFFORT[EFFORT][0], Predictor(plain))
        for adapted in (False, True):
            by = replace(plain, adaptation=sent) if adapted else plain
            passes = record(planes, by)
            for way in ways:
                bits[adapted, *way] += priced(in_parts(passes, way[0]), by, *way[1:])
    with options.out.open("w", newline="") as file:
        file.write(
            f"# Tables {MODELS_BY_EFFORT[EFFORT]}; ideal code lengths, no adaptation's own\n"
        )
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["adapted", "parts", "moves", "prior_count", "rate_bpp", "against_now"])
        for (adapted, *way), spent in bits.items():
            now = bits[adapted, 1, False, 0]
            figures = [f"{spent / pixels:.4f}", f"{spent / now - 1:+.3%}"]
            writer.writerow([int(adapted), way[0], int(way[1]), way[2] or "", *figures])


if __name__ == "__main__":
    main()
