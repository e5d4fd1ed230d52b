"""Scale classes that suit a picture better than its networks think, by kind of pass."""

from collections.abc import Iterable, Mapping

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import TOTAL_BITS, Distribution
from pillow_colorgrid.codings.jpeg.encoder.record import Record
from pillow_colorgrid.codings.jpeg.head import CORRECTIONS

SAMPLE = 6_000
"""Integers of a kind of pass that are looked at, at most."""

WORTH_BITS = 8.0
"""Half a byte is spent on a correction, once one is: what gains less is left as it is."""


def choose(records: Iterable[Record]) -> Mapping[str, int]:
    """The best correction of each kind of pass; {} where all of them together gain nothing."""
    seen: dict[str, list[tuple[Distribution, np.ndarray]]] = {}
    for record in records:
        for key, likely, values in record.passes:
            seen.setdefault(key, []).append((likely, values))
    chosen, gained = {}, 0.0
    for key, passes in seen.items():
        best, gain = _best(passes)
        if gain > WORTH_BITS:
            chosen[key] = best
            gained += gain
    return chosen if gained > 16 * 8 else {}


def _best(passes: list[tuple[Distribution, np.ndarray]]) -> tuple[int, float]:
    """The best correction of some passes, and the bits that it saves."""
    total = sum(len(values) for _, values in passes)
    stride = -(-total // SAMPLE)
    first = passes[0][0]  # all of a kind are of one class
    likely = first.joined([some.some(np.arange(0, len(shown), stride)) for some, shown in passes])
    values = np.concatenate([shown[::stride] for _, shown in passes])
    costs = {0: code_length_bits(likely, values)}
    best = 0
    for direction in (1, -1):  # the cost falls to one lowest point, then rises
        while best == 0 or best * direction > 0:
            following = best + direction
            if following not in CORRECTIONS:
                break
            costs[following] = code_length_bits(likely.wider(following), values)
            if costs[following] >= costs[best]:
                break
            best = following
    return best, (costs[0] - costs[best]) * stride


def code_length_bits(likely: Distribution, values: np.ndarray) -> float:
    """About what an ideal coder spends on integers."""
    mass = likely.below(values + np.int32(1)) - likely.below(values)
    floor = 1 << (TOTAL_BITS - 14)
    return float(TOTAL_BITS * len(values) - np.log2(np.maximum(mass, floor)).sum())
