"""RGB PSNR and CIEDE2000 over n as a picture, for each way to paint."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.ticker import NullLocator, ScalarFormatter

from tools.reproduce.crayon.report import BY_WAY
from tools.reproduce.tables import Measurements

PANELS = {"rgb_psnr_db": "RGB PSNR, dB", "ciede2000_mean": "CIEDE2000, mean"}


def draw(measured: Measurements, name: str, path: Path) -> None:
    """Of the pictures of one set."""
    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(13, 5))
    for axes, (metric, title) in zip(panels, PANELS.items(), strict=True):
        for way in BY_WAY:
            points = sorted(
                (int(n), float(line[metric]))
                for (of, n, its), line in measured.lines.items()
                if (of, its) == (name, way) and line[metric]
            )
            if points:
                axes.plot(*zip(*points, strict=True), "o-", ms=4, label=way)
        axes.set_xscale("log")
        ticks = sorted({int(n) for of, n, _ in measured.lines if of == name})
        axes.set_xticks(ticks)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("n")
        axes.set_ylabel(f"{title} ({name})")
    panels[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
