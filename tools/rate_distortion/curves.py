"""Two rate-distortion curves compared: BD-rate, and quality at equal bytes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from tools.rate_distortion.metrics import SMALLER_IS_BETTER
from tools.rate_distortion.points import Point, by_picture, means


@dataclass(frozen=True)
class Curve:
    """Points in rising order: `rates` in bpp and `values` of a metric, both strictly.

    Where smaller values are better (CIEDE2000) they stand negated.
    """

    rates: np.ndarray
    values: np.ndarray

    def at(self, rate_bpp: float) -> float:
        """The value at a rate, linear in log rate; not a number beyond the curve's ends."""
        if not len(self.rates) or not self.rates[0] <= rate_bpp <= self.rates[-1]:
            return math.nan
        return float(np.interp(math.log(rate_bpp), np.log(self.rates), self.values))

    def between(self, low: float, high: float) -> "Curve":
        """The part between two rates in bpp, its ends interpolated where the curve goes on."""
        inside = [rate for rate in self.rates if low < rate < high]
        ends = [rate for rate in (low, high) if not math.isnan(self.at(rate))]
        rates = sorted({*inside, *ends})
        return Curve(np.array(rates), np.array([self.at(rate) for rate in rates]))


def sign_of(metric: str) -> int:
    return -1 if metric in SMALLER_IS_BETTER else 1


def front_of(points: Iterable[Point], metric: str) -> list[Point]:
    """The points than which none is both smaller and better, by rising rate (Pareto front).

    Points without a finite value are left out.
    """
    sign = sign_of(metric)
    finite = [point for point in points if math.isfinite(getattr(point, metric))]
    best, found = -math.inf, []
    for point in sorted(finite, key=lambda p: (p.rate_bpp, -sign * getattr(p, metric))):
        value = sign * getattr(point, metric)
        if value > best:
            best = value
            found.append(point)
    return found


def curve_of(points: Iterable[Point], metric: str) -> Curve:
    """The front as a curve: settings that another one beats in both have no place on it."""
    front = front_of(points, metric)
    sign = sign_of(metric)
    return Curve(
        np.array([point.rate_bpp for point in front]),
        np.array([sign * getattr(point, metric) for point in front]),
    )


def hull_of(points: Iterable[Point], metric: str) -> list[Point]:
    """Those of the front that no line between two others passes above (upper hull, in bpp).

    A front of several n also holds points that are hardly better than a cheaper one; a curve drawn
    through them would look worse than the one n that it has instead.
    """
    sign = sign_of(metric)

    def slope(first: Point, second: Point) -> float:
        gain = sign * (getattr(second, metric) - getattr(first, metric))
        return gain / (second.rate_bpp - first.rate_bpp)

    found: list[Point] = []
    for point in front_of(points, metric):
        while len(found) >= 2 and slope(found[-2], found[-1]) <= slope(found[-1], point):
            found.pop()
        found.append(point)
    return found


def best_settings(points: list[Point], name: str, metric: str) -> list[Point]:
    """The points of those settings that are on the hull of the means over pictures.

    So n is chosen for each rate: with hindsight, but the same for all pictures.

    Args:
        name: of the curve that they become.
    """
    chosen = {(p.curve, p.setting) for p in hull_of(means(points), metric)}
    return [replace(p, curve=name) for p in points if (p.curve, p.setting) in chosen]


LEAST_OVERLAP = 0.1
"""Below this share BD-rate is no figure: two curves that hardly meet, or one almost level."""


@dataclass(frozen=True)
class BdRate:
    """Mean difference of rate at equal quality.

    Attributes:
        percent: negative where the tested curve is smaller.
        low: end of the qualities that both curves reach. high: the other end.
        overlap: from low to high, as a share of what either reaches.
    """

    percent: float
    low: float
    high: float
    overlap: float


def bd_rate(anchor: Curve, test: Curve) -> BdRate | None:
    """Bjontegaard's delta rate over the qualities that both curves reach; None if there are none.

    Log rate is integrated over quality along Akima splines, by the library of the authors who
    compared the ways to interpolate (FAU-LMS/bjontegaard).

    Source: Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33,
    2001; Herglotz et al., "The Bjontegaard bible: why your way of comparing video codecs may be
    wrong", IEEE Transactions on Image Processing 33, 2024.
    """
    if min(len(anchor.values), len(test.values)) < 2:
        return None
    low = max(anchor.values[0], test.values[0])
    high = min(anchor.values[-1], test.values[-1])
    if low >= high:
        return None
    import matplotlib as mpl

    mpl.use("Agg")  # the library imports pyplot, which would look for a display
    from bjontegaard import bd_rate as akima_bd_rate

    percent = akima_bd_rate(
        anchor.rates,
        anchor.values,
        test.rates,
        test.values,
        method="akima",
        require_matching_points=False,
        min_overlap=0,
    )
    reached = max(anchor.values[-1], test.values[-1]) - min(anchor.values[0], test.values[0])
    return BdRate(float(percent), float(low), float(high), float((high - low) / reached))


def mean_bd_rate(
    anchor: list[Point],
    test: list[Point],
    metric: str,
    band: tuple[float, float] = (0, math.inf),
) -> dict[str, object]:
    """Mean over pictures of `bd_rate`, of those where the curves overlap by LEAST_OVERLAP.

    Args:
        band: only qualities that the anchor has between these rates, in bpp.

    Returns:
        ``bd_rate_percent``, or in words why there is none; ``overlapping`` pictures of
        ``pictures``; ``overlap_percent``, its mean; ``from`` and ``to``, the mean ends of the
        qualities compared.
    """
    anchors, tests = by_picture(anchor), by_picture(test)
    found = [
        bd_rate(curve_of(anchors[name], metric).between(*band), curve_of(tests[name], metric))
        for name in anchors
    ]
    enough = [each for each in found if each and each.overlap >= LEAST_OVERLAP]
    row: dict[str, object] = {
        "bd_rate_percent": f"overlap < {LEAST_OVERLAP:.0%}" if any(found) else "no overlap",
        "overlapping": len(enough),
        "pictures": len(found),
        "overlap_percent": "",
        "from": "",
        "to": "",
    }
    if enough:
        sign = sign_of(metric)
        row["bd_rate_percent"] = f"{fmean(each.percent for each in enough):+.1f}"
        row["overlap_percent"] = f"{100 * fmean(each.overlap for each in enough):.0f}"
        row["from"] = f"{sign * fmean(each.low for each in enough):.4g}"
        row["to"] = f"{sign * fmean(each.high for each in enough):.4g}"
    return row


def at_equal_bytes(
    anchor: list[Point], test: list[Point], metric: str, rates: Iterable[float]
) -> list[dict[str, object]]:
    """How much better (positive) or worse `test` is at the same rates, picture by picture.

    Args:
        rates: in bpp; each picture's curves are interpolated there, linearly in log rate.

    Returns:
        A row for each rate, and one for the mean over all: ``rate_bpp``, the ``anchor``'s mean
        value, the ``test``'s, the ``gain``, and how many pairs of picture and rate were
        ``compared``: those that both curves reach.
    """
    sign = sign_of(metric)
    anchors, tests = by_picture(anchor), by_picture(test)
    pairs = {
        rate: [
            (curve_of(anchors[name], metric).at(rate), curve_of(tests[name], metric).at(rate))
            for name in anchors
        ]
        for rate in rates
    }
    whole = {
        rate: [pair for pair in found if not np.isnan(pair).any()] for rate, found in pairs.items()
    }
    ends = f"{min(whole):g}-{max(whole):g}"
    rows = []
    for rate, found in [*whole.items(), (ends, [pair for each in whole.values() for pair in each])]:
        row: dict[str, object] = {"rate_bpp": rate, "anchor": "", "test": "", "gain": "not reached"}
        if found:
            of_anchor, of_test = np.mean(found, axis=0)
            row |= {"anchor": f"{sign * of_anchor:.4g}", "test": f"{sign * of_test:.4g}"}
            row["gain"] = f"{of_test - of_anchor:+.3f}"
        rows.append(row | {"compared": len(found)})
    return rows
