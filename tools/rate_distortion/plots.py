"""Rate-distortion curves as a picture: four metrics over bits per pixel."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from tools.rate_distortion.curves import front_of
from tools.rate_distortion.metrics import SMALLER_IS_BETTER
from tools.rate_distortion.points import Point, of_curve
from tools.rate_distortion.settings import OWN

PANELS = {
    "rgb_psnr_db": "RGB PSNR, dB",
    "chroma_psnr_db": "PSNR of Cb and Cr, dB",
    "ciede2000_mean": "CIEDE2000, mean",
    "ssim": "SSIM",
}

RATES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Labelled on the axis, bits per pixel."""

RIVAL_COLOURS = ("tab:blue", "tab:cyan", "tab:green", "tab:purple", "tab:brown")
OWN_COLOURS = ("tab:red", "tab:orange", "darkred", "tab:pink", "goldenrod", "salmon", "black")

NAMED_SETTINGS = ("n=2", "n=6", "n=20", "n=100")
"""These points of a curve over n have their name beside them."""

LINE_HEIGHT = 0.045
"""Of a label, as a share of the panel's height."""


def colours(names: Sequence[str]) -> dict[str, str]:
    """One for each curve: warm ones are ours. More curves than colours share them."""
    own = [name for name in names if name.startswith(OWN)]
    rivals = [name for name in names if not name.startswith(OWN)]
    return {
        name: palette[number % len(palette)]
        for group, palette in ((own, OWN_COLOURS), (rivals, RIVAL_COLOURS))
        for number, name in enumerate(group)
    }


def spread(places: Sequence[float], distance: float) -> list[float]:
    """Moves `places` (0 to 1) apart to at least `distance`, in their order, none beyond the ends.

    If all together do not fit between 0 and 1 they stand evenly.
    """
    count = len(places)
    distance = min(distance, 1 / max(count - 1, 1))
    order = sorted(range(count), key=lambda number: places[number])
    moved = [0.0] * count
    lowest = 0.0
    for number in order:
        moved[number] = lowest = max(places[number], lowest)
        lowest += distance
    highest = 1.0
    for number in reversed(order):
        moved[number] = min(moved[number], highest)
        highest = moved[number] - distance
    return moved


def draw(points: list[Point], title: str, path: Path) -> None:
    """Write a PNG with a panel for each metric of PANELS.

    Args:
        points: means over pictures; of each curve those on its front are drawn.
    """
    figure, axes = pyplot.subplots(2, 2, figsize=(15, 11), layout="constrained")
    for axis, metric in zip(axes.flat, PANELS, strict=True):
        panel(axis, points, metric)
    figure.suptitle(title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def panel(axis: Axes, points: list[Point], metric: str) -> None:
    """One metric over the rate; a curve without a finite value is left out."""
    names = list(dict.fromkeys(point.curve for point in points))
    chosen = colours(names)
    ends, marks = {}, []
    for name in names:
        front = front_of(of_curve(points, name), metric)
        if not front:
            continue
        rates = [point.rate_bpp for point in front]
        values = [getattr(point, metric) for point in front]
        ends[name] = rates[-1], values[-1]
        own = name.startswith(OWN)
        style = {"linestyle": "-", "linewidth": 1.8} if own else {"linestyle": "--"}
        axis.plot(rates, values, color=chosen[name], marker="o", markersize=3, **style)
        marks += [
            (point.setting, place, chosen[name])
            for point, place in zip(front, zip(rates, values, strict=True), strict=True)
            if point.setting in NAMED_SETTINGS
        ]
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator(RATES))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    better = "smaller" if metric in SMALLER_IS_BETTER else "larger"
    axis.set(xlabel="bits per pixel, whole files", ylabel=f"{PANELS[metric]} ({better} is better)")
    if metric in SMALLER_IS_BETTER:
        axis.invert_yaxis()  # up is better in every panel
    axis.grid(alpha=0.3)
    axis.autoscale_view()
    name_settings(axis, marks)
    label(axis, ends, chosen)


def name_settings(axis: Axes, marks: Iterable[tuple[str, tuple[float, float], str]]) -> None:
    """Write `marks` (text, place, colour) left of their places, but none upon the one before."""
    to_panel = axis.transData + axis.transAxes.inverted()
    before = math.inf
    for text, place, colour in marks:
        height = to_panel.transform(place)[1]
        if abs(height - before) < LINE_HEIGHT:
            continue
        before = height
        axis.annotate(
            text,
            place,
            (-6, 0),
            textcoords="offset points",
            horizontalalignment="right",
            verticalalignment="center",
            fontsize=8,
            color=colour,
        )


def label(axis: Axes, ends: dict[str, tuple[float, float]], chosen: dict[str, str]) -> None:
    """Each curve's name right of the panel, as high as its end where there is room; a thin line
    leads there."""
    to_panel = axis.transData + axis.transAxes.inverted()
    places = {name: tuple(to_panel.transform(end)) for name, end in ends.items()}
    heights = spread([height for _, height in places.values()], LINE_HEIGHT)
    for (name, (across, height)), moved in zip(places.items(), heights, strict=True):
        axis.annotate(
            name,
            (across, height),
            (1.02, moved),
            xycoords="axes fraction",
            textcoords="axes fraction",
            annotation_clip=False,
            verticalalignment="center",
            fontsize=9,
            color=chosen[name],
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": chosen[name]},
        )
