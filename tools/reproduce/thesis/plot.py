"""The thesis's figures as a picture: what its networks learned here, and what files become."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from tools.reproduce.tables import Line, Measurements
from tools.reproduce.thesis.measuring import CODECS
from tools.reproduce.thesis.report import percent, printed_percent
from tools.reproduce.thesis.spaces import SPACES
from tools.reproduce.thesis.tables import BEST, TABLES, Row

COLOURS = ("tab:blue", "tab:red")
"""Of the two colour spaces."""

BAR = 0.2


def draw(measured: Measurements, path: Path) -> None:
    """Two panels: error by network, gain by codec."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 5))
    _errors(measured, left)
    _gains(measured, right)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _lines(measured: Measurements, rows: list[Row], space: str) -> list[tuple[Row, Line]]:
    return [(row, measured[(space, *row.key)]) for row in rows if (space, *row.key) in measured]


def _errors(measured: Measurements, axes: Axes) -> None:
    """Error of each network, as a share of what the picture's mean colour leaves."""
    rows = {row.variant.name: row for table in TABLES for row in table.rows if row.scale == 1}
    for space, colour in zip(SPACES, COLOURS, strict=True):
        lines = _lines(measured, list(rows.values()), space.name)
        shares = [float(line["mse"]) / float(line["mean_mse"]) for _, line in lines]
        names = [row.variant.name for row, _ in lines]
        axes.plot(shares, names, "o", color=colour, label=space.name)
        means = [float(line["means_mse"]) / float(line["mean_mse"]) for _, line in lines]
        if means:
            label = f"means of 32 x 32, interpolated, {space.name}"
            axes.axvline(sum(means) / len(means), color=colour, ls=":", label=label)
    axes.axvline(1, color="grey", label="one colour for the whole picture")
    axes.set_xlabel("mean squared error of chroma, share of what one colour leaves")
    axes.legend(fontsize=7)


def _gains(measured: Measurements, axes: Axes) -> None:
    """Gain of the best network in YCoCg-R over the picture's own file, beside what is printed."""
    rows = {
        row.key: row
        for table in TABLES
        for row in table.rows
        if (row.variant, row.levels) == (BEST, 128) and "gain" in row.printed
    }
    lines = _lines(measured, list(rows.values()), SPACES[1].name)
    places = range(len(lines))
    ways = {
        "printed (PNG)": [printed_percent(row, "gain") for row, _ in lines],
        **{name: [percent(line, name, free=False) for _, line in lines] for name in CODECS},
    }
    for number, (name, gains) in enumerate(ways.items()):
        axes.bar([place + BAR * (number - 1.5) for place in places], gains, BAR, label=name)
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(
        list(places), [f"{row.pictures}\n{row.scale} x" for row, _ in lines], fontsize=8
    )
    axes.set_ylabel(f"gain over the picture's own file, % (tanh 2, 128 levels, {SPACES[1].name})")
    axes.legend(fontsize=7)
