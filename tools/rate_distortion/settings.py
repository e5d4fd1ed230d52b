"""What the rate-distortion bench compares: curves, each a codec at several settings."""

from dataclasses import dataclass

from tools.bench.sizes import Codec

QUALITIES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98, 100)

AVIF_SPEED = 6

JPEG_XL_QUALITIES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98, 99)
"""100 would be lossless."""

EXACT_INTERVALS = (2, 3, 4, 6, 8, 10, 12, 15, 20, 25, 32, 40, 50, 60, 80, 100)
"""n where the luminance is exact: the paper's own among them."""

LOSSY_INTERVALS = (6, 8, 12, 20)
LOSSY_QUALITIES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
"""Each of these n with each of these qualities of the luminance."""

EXACT_QUALITY = 100

OWN = "CGX"
"""Curves whose name begins so are ours."""

EXACT = f"{OWN} exact luminance"


@dataclass(frozen=True)
class Setting:
    """One point of a curve.

    Attributes:
        curve: its name.
        name: what differs along the curve, as it stands in the tables.
        codec: how it is called.
    """

    curve: str
    name: str
    codec: Codec


def grid(interval: int, quality: int, hints: str, curve: str) -> Setting:
    """.cgx with one hint for each `interval` x `interval` pixels; quality 100: exact luminance."""
    options = {"mode": "grid", "n": interval, "quality": quality, "hints": hints}
    name = f"n={interval}" if quality == EXACT_QUALITY else f"n={interval} quality={quality}"
    return Setting(curve, name, Codec(".cgx", options))


def exact_grids(intervals: tuple[int, ...], hints: str) -> list[Setting]:
    return [grid(interval, EXACT_QUALITY, hints, EXACT) for interval in intervals]


def curves(hints: str = "mean") -> dict[str, list[Setting]]:
    """All curves by name, rivals first. Each file is without metadata, at usual effort."""
    ladders: dict[str, tuple[str, str, dict[str, object], tuple[int, ...]]] = {
        "JPEG 4:2:0": (".jpg", "", {"subsampling": "4:2:0", "optimize": True}, QUALITIES),
        "JPEG 4:4:4": (".jpg", "", {"subsampling": "4:4:4", "optimize": True}, QUALITIES),
        "WebP": (".webp", "", {"method": 6}, QUALITIES),
        "AVIF 4:2:0": (".avif", "", {"subsampling": "4:2:0", "speed": AVIF_SPEED}, QUALITIES),
        "JPEG XL": (".jxl", "pillow_jxl", {"effort": 7}, JPEG_XL_QUALITIES),
    }
    found = {
        name: [
            Setting(name, f"quality={quality}", Codec(suffix, fixed | {"quality": quality}, module))
            for quality in qualities
        ]
        for name, (suffix, module, fixed, qualities) in ladders.items()
    }
    found[EXACT] = exact_grids(EXACT_INTERVALS, hints)
    for interval in LOSSY_INTERVALS:
        name = f"{OWN} n={interval}"
        found[name] = [grid(interval, quality, hints, name) for quality in LOSSY_QUALITIES]
    return found
