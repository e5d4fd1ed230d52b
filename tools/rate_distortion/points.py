"""One measured point of a rate-distortion curve, and tables of them (TSV)."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from tools.rate_distortion.metrics import Distortion

MEAN = "mean"
"""Stands for the picture in points that are means over pictures."""


@dataclass(frozen=True)
class Point(Distortion):
    """One picture in one setting; figures of quality as in `Distortion`.

    Attributes:
        picture: the file's name.
        curve: as in `Setting`. setting: its name.
        size_bytes: of the whole file.
        rate_bpp: bits per pixel.
        encode_ms: wall time. decode_ms: likewise.
    """

    picture: str
    curve: str
    setting: str
    size_bytes: float
    rate_bpp: float
    encode_ms: float
    decode_ms: float


TEXTS = ("picture", "curve", "setting")
NUMBERS = (
    "size_bytes",
    "rate_bpp",
    *(field.name for field in fields(Distortion)),
    "encode_ms",
    "decode_ms",
)
DIGITS = 6
"""Significant ones of figures in tables; bytes stand in full."""


def write(points: Iterable[Point], path: Path) -> None:
    """Write a table, one point a line; infinite PSNR stands as ``inf``."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow((*TEXTS, *NUMBERS))
        for point in points:
            texts = (getattr(point, name) for name in TEXTS)
            figures = (f"{getattr(point, name):.{DIGITS}g}" for name in NUMBERS[1:])
            writer.writerow((*texts, f"{point.size_bytes:.0f}", *figures))


def read(path: Path) -> list[Point]:
    """The points of a table of `write`.

    Raises:
        ValueError: if its columns are others.
    """
    with path.open(newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        if tuple(reader.fieldnames or ()) != (*TEXTS, *NUMBERS):
            raise ValueError(f"{path}: columns {reader.fieldnames}, wanted {(*TEXTS, *NUMBERS)}")
        return [
            Point(
                **{name: row[name] for name in TEXTS},
                **{name: float(row[name]) for name in NUMBERS},
            )
            for row in reader
        ]


def of_curve(points: Iterable[Point], curve: str) -> list[Point]:
    return [point for point in points if point.curve == curve]


def by_picture(points: Iterable[Point]) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.picture, []).append(point)
    return found


def means(points: list[Point]) -> list[Point]:
    """One point for each curve and setting: the mean over all pictures.

    A PSNR that is infinite (all pixels the same: grey pictures) and an SSIM that is not a number
    are left out of their own mean.

    Raises:
        ValueError: if a setting was not measured on each picture: such means mislead.
    """
    pictures = len(by_picture(points))
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        groups.setdefault((point.curve, point.setting), []).append(point)
    found = []
    for (curve, setting), group in groups.items():
        if len(group) != pictures:
            raise ValueError(f"{curve}, {setting}: {len(group)} points of {pictures} pictures")
        numbers = {
            name: finite_mean(np.array([getattr(point, name) for point in group]))
            for name in NUMBERS
        }
        found.append(replace(group[0], picture=MEAN, **numbers))
    return found


def finite_mean(values: np.ndarray) -> float:
    """Of the finite ones; infinite if there is none but infinite ones, not a number if no other."""
    finite = values[np.isfinite(values)]
    if len(finite):
        return float(finite.mean())
    return float("inf") if np.isinf(values).any() else float("nan")
