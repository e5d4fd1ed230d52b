"""Train, measure and write the tables: resumable, whatever is done stays."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pillow_colorgrid.pixels import Bytes
from tools.data.crops import load_crops
from tools.data.images import pictures as pictures_of
from tools.rate_distortion.measure import flat_rgb
from tools.reproduce.tables import Line, Measurements, markdown
from tools.reproduce.thesis.measuring import CODECS, Codec, measure, sizes_without
from tools.reproduce.thesis.network import Variant
from tools.reproduce.thesis.settings import Settings
from tools.reproduce.thesis.spaces import SPACES, Space
from tools.reproduce.thesis.tables import TABLES, TEST, VALIDATION, Row
from tools.reproduce.thesis.training import squares, train

KEY = ("space", "network", "levels", "scale", "pictures")


def enlarged(rgb: Bytes, scale: int) -> Bytes:
    size = (scale * rgb.shape[1], scale * rgb.shape[0])
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))


def folder_name(space: Space, variant: Variant) -> str:
    return f"{space.name} {variant.name}".lower().replace(", ", "-").replace(" ", "-")


def wanted(settings: Settings) -> Iterator[Row]:
    """Each measurement once."""
    rows = {row.key: row for table in TABLES for row in table.rows}
    only = settings.only or {row.variant.name for row in rows.values()}
    return (row for row in rows.values() if row.variant.name in only)


def _means(lines: list[dict[str, float]]) -> dict[str, str]:
    """Of all pictures; pixels beyond of those that have any; what is infinite is left out."""
    found = {}
    for name in lines[0]:
        values = np.array([line[name] for line in lines])
        if name == "pixels_beyond":
            values = values[values > 0]
        values = values[np.isfinite(values)]
        found[name] = f"{values.mean():.6g}" if len(values) else ""
    return found


def make(settings: Settings, data: Path, test: Sequence[Path], out: Path) -> Path:
    """Do what is not yet done; the path of the tables."""
    out.mkdir(parents=True, exist_ok=True)
    measured = Measurements(out / "thesis.tsv", KEY)
    tests = [picture for folder in test for picture in pictures_of(folder)][: settings.pictures]
    sets = {
        VALIDATION: squares(load_crops(data, held_out=True)[: settings.pictures], settings.side),
        TEST: squares([np.asarray(flat_rgb(p.open())) for p in tests], settings.side),
    }

    @cache
    def without(space: Space, pictures: str, scale: int) -> list[dict[str, int]]:
        return [sizes_without(space, enlarged(rgb, scale)) for rgb in sets[pictures]]

    rows = list(wanted(settings))
    names = sorted({row.variant.name for row in rows})
    jobs = [(space, name) for name in names for space in SPACES]
    for space, name in tqdm(jobs, desc="networks", disable=None):
        its = [row for row in rows if row.variant.name == name]
        todo = [row for row in its if (space.name, *row.key) not in measured]
        if not todo:
            continue
        network = train(
            its[0].variant, space, settings, data, out / folder_name(space, its[0].variant)
        )
        weights = sum(parameter.numel() for parameter in network.parameters()) * 4
        for row in todo:
            codec = Codec(network, space, row.levels)
            shown = [enlarged(rgb, row.scale) for rgb in sets[row.pictures]]
            others = without(space, row.pictures, row.scale)
            lines = [measure(codec, rgb) | other for rgb, other in zip(shown, others, strict=True)]
            found = {
                "count": str(len(lines)),
                "weights_mb": f"{weights / 1e6:.2f}",
                "minutes": f"{settings.minutes:g}",
            }
            measured.add((space.name, *row.key), {**found, **_means(lines)})
    path = out / "thesis.md"
    path.write_text("\n".join(tables(measured)), "utf-8")
    return path


COLUMNS = {
    "mse": "MSE",
    "entropy": "entropy, bits",
    "gain_free": "gain, bottleneck free",
    "gain": "gain",
    "beyond_percent": "pictures beyond, %",
    "pixels_beyond": "pixels beyond",
    "restored_mse": "MSE restored",
}
"""What the thesis prints, and how it is called here."""


def printed_percent(row: Row, column: str) -> float:
    """A gain as percent of the thesis's PNG."""
    plain = {1: 9614, 2: 9614 * 2.28, 4: 55233}[row.scale]
    if row.pictures == TEST:
        plain = {1: 11321, 2: 2.28 * 11321, 4: 87766}[row.scale]
    return 100 * row.printed[column] / plain


def _percent(line: Line, codec: str, free: bool, of: str = "plain") -> float:
    """The part that the decolorized file saves of the `plain` one, or of "transform"."""
    told = 0.0 if free else float(line["bottleneck_bytes"])
    return 100 * (1 - (float(line[codec]) + told) / float(line[f"{of}_{codec}"]))


def _percents(line: Line, free: bool, of: str = "plain") -> str:
    """For each codec."""
    return " / ".join(f"{_percent(line, codec, free, of):+.1f}" for codec in CODECS)


def _cell(row: Row, line: Line, column: str) -> str:
    """Ours, for each codec where it is a gain."""
    if column in ("gain", "gain_free"):
        return _percents(line, column == "gain_free")
    if column == "beyond_percent":
        return f"{100 * float(line['beyond']):.0f}"
    return f"{float(line[column]):.3g}" if line[column] else "-"


def tables(measured: Measurements) -> Iterator[str]:
    """The tables; gains in % of the picture's own file: PNG / WebP / JPEG XL.

    "network alone" is the gain over the file of the colour space's planes without any network.
    """
    for table in TABLES:
        lines = [
            (row, space, measured[(space.name, *row.key)])
            for row in table.rows
            for space in SPACES
            if (space.name, *row.key) in measured
        ]
        if not lines:
            continue
        columns = list(dict.fromkeys(name for row, *_ in lines for name in row.printed))
        yield f"### Table {table.number}: {table.title}\n"
        heads = [part for name in columns for part in (f"{COLUMNS[name]}: printed", "measured")]
        heads = [
            "network",
            "levels",
            "colour",
            *heads,
            "MSE of its own mean colour",
            "network alone",
            "PSNR, dB",
            "exact",
            "weights, MB",
            "ms",
        ]
        yield from markdown(
            heads, (_cells(row, space, line, columns) for row, space, line in lines)
        )


def _cells(row: Row, space: Space, line: Line, columns: list[str]) -> list[str]:
    """A line of a table; what is printed stands in the first of a network's lines."""
    cells = [row.variant.name, str(row.levels or "floats"), space.name]
    for name in columns:
        gain = name in ("gain", "gain_free")
        printed = f"{printed_percent(row, name):+.1f}" if gain else f"{row.printed[name]:g}"
        cells += [printed if space is SPACES[0] else "", _cell(row, line, name)]
    return [
        *cells,
        f"{float(line['mean_mse']):.3g}",
        _percents(line, row.levels is None, "transform"),
        f"{float(line['psnr_db']):.1f}" if line["psnr_db"] else "-",
        f"{round(float(line['exact']) * int(line['count']))} of {line['count']}",
        line["weights_mb"],
        f"{float(line['encode_ms']):.0f}",
    ]
