"""Rate against distortion: .cgx mode="grid" beside JPEG, WebP, AVIF and JPEG XL.

    python -m tools.rate_distortion curves --images ../data/eval/kodak  # measure all, then report
    python -m tools.rate_distortion curves --images ../data/eval/kodak --curves "CGX n=8"  # more
    python -m tools.rate_distortion report tools/results/rd_kodak.tsv   # plot, comparisons again
    python -m tools.rate_distortion paper --images ../data/eval/kodak   # n = 6 ... 100
    python -m tools.rate_distortion sheet --images ../data/eval/kodak --interval 20  # best, worst

What is measured: whole files on disk, opened through Image.open, compared with the original as
8-bit RGB (transparent parts over white, no metadata). metrics.py says what the figures
are.
Means are over pictures. BD-rates are of each picture's own curves, over the qualities that both
reach; "CGX best n" has for each rate that n and quality which are best in the mean. Colour hardly
changes with the luminance's quality, so a curve of one n has no BD-rate in colour PSNR, and what is
best there is much colour under poor luminance: read it beside RGB PSNR.

Kodak's rivals take about 9 minutes of one core, .cgx about 20. Times are wall times of one run and
worth something with --jobs 1 on a quiet machine only. Try --every 8 first.
"""

import argparse
import csv
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.data.images import Picture, pictures
from tools.rate_distortion import (
    bilinear as grid_bilinear,
    paper as rd_paper,
    points as rd_points,
    settings as rd_settings,
    sheet as rd_sheet,
)
from tools.rate_distortion.curves import at_equal_bytes, best_settings, mean_bd_rate
from tools.rate_distortion.measure import flat_rgb, measure_all, through_file
from tools.rate_distortion.plots import PANELS, draw
from tools.rate_distortion.points import Point, of_curve
from tools.rate_distortion.settings import EXACT, OWN

RESULTS = Path("tools/results")

RUNS = Path("runs")
"""Where contact sheets go: git ignores it, for the pictures are not ours to publish."""

BEST = f"{OWN} best n"

EQUAL_RATES = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
BAND = (0.15, 0.6)
"""Rates in bpp where lossy luminance is used: BD-rates once more, over what rivals have there."""

EQUAL_ANCHOR = "AVIF 4:2:0"
"""The comparison at equal bytes: RGB PSNR at these bits per pixel, against this rival."""


def chosen(options: argparse.Namespace) -> list[Picture]:
    return pictures(options.images)[:: options.every]


def named(options: argparse.Namespace, kind: str) -> str:
    """The result's name; a quick run does not overwrite a full one."""
    quick = f"_every{options.every}" if options.every > 1 else ""
    return f"{kind}_{options.images.name}{quick}"


def curves(options: argparse.Namespace) -> None:
    """Measure, keep what a table already there says of other curves, and report."""
    known = rd_settings.curves(options.hints)
    wanted = options.curves or list(known)
    path = options.out / f"{named(options, 'rd')}.tsv"
    shown = chosen(options)
    kept = [p for p in rd_points.read(path) if p.curve not in wanted] if path.exists() else []
    names = {picture.path.name for picture in shown}
    if kept and {point.picture for point in kept} != names:
        raise ValueError(f"{path} is of other pictures; remove it or choose another --out")
    points = kept + list(measure_all(shown, [known[name] for name in wanted], options.jobs))
    ranks = {name: rank for rank, name in enumerate(known)}
    points.sort(key=lambda p: (ranks.get(p.curve, len(ranks)), p.picture))
    rd_points.write(points, path)
    print(f"{path}: {len(points)} points of {len(shown)} pictures")
    report_of(path)


def report(options: argparse.Namespace) -> None:
    for path in options.tables:
        report_of(path)


def report_of(path: Path) -> None:
    """From a table of points: plot, BD-rates and equal bytes beside it, and on the terminal."""
    points = rd_points.read(path)
    averages = rd_points.means(points)
    count = len(rd_points.by_picture(points))
    draw(averages, f"{path.stem}: means of {count} pictures", path.with_suffix(".png"))
    write_rows(bd_rows(points), path.with_name(f"{path.stem}_bd.tsv"))
    write_rows(bd_rows(points, BAND), path.with_name(f"{path.stem}_bd_band.tsv"))
    write_rows(equal_rows(points), path.with_name(f"{path.stem}_equal_bytes.tsv"))


def own_curves(points: list[Point], metric: str) -> dict[str, list[Point]]:
    """Ours by name, with BEST, whose settings depend on the metric."""
    found: dict[str, list[Point]] = {}
    for point in points:
        if point.curve.startswith(OWN):
            found.setdefault(point.curve, []).append(point)
    if found:
        found[BEST] = best_settings([p for own in found.values() for p in own], BEST, metric)
    return found


def bd_rows(
    points: list[Point], band: tuple[float, float] = (0, math.inf)
) -> list[dict[str, object]]:
    """BD-rate of each of our curves against each rival, in each metric that is plotted."""
    rivals = dict.fromkeys(p.curve for p in points if not p.curve.startswith(OWN))
    return [
        {"metric": metric, "curve": name, "rival": rival}
        | mean_bd_rate(of_curve(points, rival), own, metric, band)
        for metric in PANELS
        for name, own in own_curves(points, metric).items()
        for rival in rivals
    ]


def equal_rows(points: list[Point]) -> list[dict[str, object]]:
    """RGB PSNR of every other curve at EQUAL_RATES, against EQUAL_ANCHOR."""
    metric = "rgb_psnr_db"
    anchor = of_curve(points, EQUAL_ANCHOR)
    if not anchor:
        return []
    others = {p.curve: of_curve(points, p.curve) for p in points if p.curve != EQUAL_ANCHOR}
    return [
        {"anchor_curve": EQUAL_ANCHOR, "curve": name} | row
        for name, test in (others | own_curves(points, metric)).items()
        for row in at_equal_bytes(anchor, test, metric, EQUAL_RATES)
    ]


def paper(options: argparse.Namespace) -> None:
    """The paper's own table, with the bilinear baseline of the same grid beside it."""
    shown = chosen(options)
    settings = rd_settings.exact_grids(tuple(options.intervals), options.hints)
    points = list(measure_all(shown, [settings], options.jobs))
    bilinear = rd_paper.bilinear_psnr_db(shown, options.intervals, options.hints)
    rows = rd_paper.rows(points, bilinear)
    write_rows(rows, options.out / f"{named(options, 'rd_paper_table')}.tsv")


def sheet(options: argparse.Namespace) -> None:
    """The contact sheet of the pictures with the largest and the smallest gain over bilinear."""
    shown = {picture.path.name: picture for picture in chosen(options)}
    gains = {}
    for name in tqdm(shown, disable=None):
        gains[name] = sheet_row(shown[name], options).gain_db
    names = rd_sheet.best_and_worst(gains)
    rows = [sheet_row(shown[name], options) for name in names]  # again: all would not fit in memory
    path = options.out / f"{named(options, 'rd_sheet')}_n{options.interval}.png"
    rd_sheet.sheet(rows, options.interval, options.hints).save(path)
    print(path)


def sheet_row(picture: Picture, options: argparse.Namespace) -> rd_sheet.Row:
    image = flat_rgb(picture.open())
    rgb = np.asarray(image)
    setting = rd_settings.grid(options.interval, options.quality, options.hints, EXACT)
    with tempfile.TemporaryDirectory() as temporary:
        crayon = through_file(setting, image, Path(temporary))[0]
    bilinear = grid_bilinear.paint(rgb, options.interval, options.hints)
    return rd_sheet.Row(picture.path.stem, rgb, bilinear, crayon)


def write_rows(rows: list[dict[str, object]], path: Path) -> None:
    """Write a table of equal rows, and show it."""
    if not rows:
        return
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(path, "\t".join(rows[0]), sep="\n")
    for row in rows:
        print(*row.values(), sep="\t")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    measuring = argparse.ArgumentParser(add_help=False)
    measuring.add_argument("--images", type=Path, required=True, help="a folder of pictures")
    measuring.add_argument("--every", type=int, default=1, help="quick: only each N-th picture")
    measuring.add_argument("--hints", default="mean", choices=("mean", "point"), help="of .cgx")
    jobs = argparse.ArgumentParser(add_help=False)
    jobs.add_argument("--jobs", type=int, default=1, help="processes; 1 if times are to count")

    one = commands.add_parser(
        "curves", parents=[measuring, jobs], help="measure codecs at many rates, then report",
        formatter_class=layout, description=curves.__doc__,
        epilog="curves:\n  " + "\n  ".join(rd_settings.curves()),
    )  # fmt: skip
    one.add_argument("--curves", nargs="+", choices=rd_settings.curves(), metavar="NAME",
                     help="measure these only (default: all)")  # fmt: skip
    one.add_argument("--out", type=Path, default=RESULTS, help="folder for rd_FOLDER.tsv and more")
    one.set_defaults(run=curves)

    two = commands.add_parser("report", help="plot and compare a table", description=report.__doc__)
    two.add_argument("tables", nargs="+", type=Path, metavar="TSV")
    two.set_defaults(run=report)

    three = commands.add_parser(
        "paper", parents=[measuring, jobs], help="the paper's table", description=paper.__doc__
    )
    three.add_argument("--intervals", nargs="+", type=int, default=rd_paper.INTERVALS, metavar="n")
    three.add_argument("--out", type=Path, default=RESULTS, help="folder")
    three.set_defaults(run=paper)

    four = commands.add_parser(
        "sheet", parents=[measuring], help="contact sheet", description=sheet.__doc__
    )
    four.add_argument("--interval", type=int, default=20, help="n, default 20")
    four.add_argument("--quality", type=int, default=100, help="of the luminance; 100 is exact")
    four.add_argument("--out", type=Path, default=RUNS, help="folder; the pictures may not be ours")
    four.set_defaults(run=sheet)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if "out" in options:
        options.out.mkdir(parents=True, exist_ok=True)
    options.run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
