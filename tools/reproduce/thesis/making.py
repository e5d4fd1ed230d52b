"""Train and measure what the tables need: resumable, whatever is done stays."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pillow_colorgrid.pixels import Bytes
from tools.reproduce.pictures import held_out, of_folder
from tools.reproduce.tables import Measurements
from tools.reproduce.thesis.measuring import CODECS, JPEG, Codec, measure, sizes, sizes_without
from tools.reproduce.thesis.network import Variant
from tools.reproduce.thesis.plot import draw
from tools.reproduce.thesis.report import KEY, SCALES, SIZES_KEY, tables
from tools.reproduce.thesis.settings import Settings
from tools.reproduce.thesis.spaces import SPACES, Space
from tools.reproduce.thesis.tables import TABLES, TEST, VALIDATION, Row
from tools.reproduce.thesis.training import train
from tools.reproduce.training import spent_minutes


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
    side, count = settings.side, settings.pictures
    sets = {
        VALIDATION: held_out(data, side, count),
        TEST: [rgb for folder in test for rgb in of_folder(folder, side, count)][:count],
    }

    @cache
    def shown(pictures: str, scale: int) -> list[Bytes]:
        few = -(-count // scale)  # files of 16 times the pixels take 16 times as long
        return [enlarged(rgb, scale) for rgb in sets[pictures][:few]]

    @cache
    def without(space: Space, pictures: str, scale: int) -> list[dict[str, int]]:
        return [sizes_without(space, rgb) for rgb in shown(pictures, scale)]

    plain = Measurements(out / "sizes.tsv", SIZES_KEY)
    for scale in SCALES:
        if (scale, side) not in plain:
            found = [sizes(enlarged(rgb, scale), CODECS | JPEG) for rgb in sets[VALIDATION]]
            line = {name: f"{np.mean([one[name] for one in found]):.0f}" for name in found[0]}
            plain.add((scale, side), {"count": str(len(found)), **line})

    rows = list(wanted(settings))
    counts = Counter(row.variant.name for row in rows)
    names = sorted(counts, key=lambda name: (-counts[name], name))  # most tables first
    jobs = [(space, name) for name in names for space in SPACES]
    for space, name in tqdm(jobs, desc="networks", disable=None):
        its = [row for row in rows if row.variant.name == name]
        todo = [row for row in its if (space.name, *row.key) not in measured]
        if not todo:
            continue
        folder = out / folder_name(space, its[0].variant)
        network = train(its[0].variant, space, settings, data, folder)
        weights = sum(parameter.numel() for parameter in network.parameters()) * 4
        for row in todo:
            codec = Codec(network, space, row.levels)
            pairs = zip(
                shown(row.pictures, row.scale),
                without(space, row.pictures, row.scale),
                strict=True,
            )
            lines = [measure(codec, rgb) | other for rgb, other in pairs]
            found = {
                "count": str(len(lines)),
                "weights_mb": f"{weights / 1e6:.2f}",
                "steps": str(settings.steps),
                "minutes": f"{spent_minutes(folder):.2f}",
            }
            measured.add((space.name, *row.key), {**found, **_means(lines)})
    path = out / "thesis.md"
    path.write_text("\n".join(tables(measured, plain)), "utf-8")
    draw(measured, out / "thesis.png")
    return path
