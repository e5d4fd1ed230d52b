"""The table of the Crayon paper (arXiv 2502.05402): exact luminance, n from 6 to 100."""

from collections.abc import Iterable
from statistics import fmean

import numpy as np

from tools.data.images import Picture
from tools.rate_distortion.bilinear import paint
from tools.rate_distortion.measure import flat_rgb
from tools.rate_distortion.metrics import psnr_db
from tools.rate_distortion.points import Point, finite_mean

INTERVALS = (6, 15, 20, 40, 50, 60, 80, 100)

RAW_BITS = 24
"""Of a pixel of raw RGB."""


def raw_relative_size(interval: int) -> float:
    """The paper's own count, of numbers that nothing compresses: 1/3 + 1/n²."""
    return 1 / 3 + 1 / interval**2


def bilinear_psnr_db(
    pictures: Iterable[Picture], intervals: Iterable[int], hints: str
) -> dict[tuple[str, int], float]:
    """The baseline's RGB PSNR for each picture's name and each n."""
    found = {}
    for picture in pictures:
        rgb = np.asarray(flat_rgb(picture.open()))
        for interval in intervals:
            found[picture.path.name, interval] = psnr_db(rgb, paint(rgb, interval, hints))
    return found


def interval_of(point: Point) -> int:
    """Of a point of `rd_settings.EXACT`, whose settings are named ``n=20``."""
    return int(point.setting.removeprefix("n="))


def rows(points: list[Point], bilinear: dict[tuple[str, int], float]) -> list[dict[str, object]]:
    """A row for each n, means over pictures.

    ``relative_size_raw`` is the paper's count, ``relative_size_file`` whole files over raw RGB
    (mean of the pictures' ratios). A PSNR leaves out the pictures that come back ``exact`` (grey
    ones, mostly), of which the table says how many they are; infinite if all do. ``gain_db`` is
    Crayon over the baseline of the same grid, over the pictures where both are finite.
    """
    found = []
    for interval in sorted({interval_of(point) for point in points}):
        group = [point for point in points if interval_of(point) == interval]
        pairs = np.array([(p.rgb_psnr_db, bilinear[p.picture, interval]) for p in group])
        exact = np.isinf(pairs)
        psnr, baseline = (finite_mean(column) for column in pairs.T)
        gains = np.subtract(*pairs[~exact.any(axis=1)].T)
        found.append(
            {
                "n": interval,
                "pictures": len(group),
                "exact": int(exact[:, 0].sum()),
                "bilinear_exact": int(exact[:, 1].sum()),
                "relative_size_raw": f"{raw_relative_size(interval):.4f}",
                "relative_size_file": f"{fmean(p.rate_bpp for p in group) / RAW_BITS:.4f}",
                "rate_bpp": f"{fmean(p.rate_bpp for p in group):.4f}",
                "rgb_psnr_db": f"{psnr:.2f}",
                "bilinear_rgb_psnr_db": f"{baseline:.2f}",
                "gain_db": f"{gains.mean():+.2f}" if len(gains) else "",
                "chroma_psnr_db": f"{finite_mean(np.array([p.chroma_psnr_db for p in group])):.2f}",
                "ciede2000_mean": f"{fmean(p.ciede2000_mean for p in group):.3f}",
                "ciede2000_p95": f"{fmean(p.ciede2000_p95 for p in group):.3f}",
                "ssim": f"{finite_mean(np.array([p.ssim for p in group])):.4f}",
                "encode_ms": f"{fmean(p.encode_ms for p in group):.0f}",
                "decode_ms": f"{fmean(p.decode_ms for p in group):.0f}",
            }
        )
    return found
