"""Crayon's figures as Markdown: quality by n and way to paint, and other codecs at equal bytes."""

from collections.abc import Iterator, Sequence

from tools.rate_distortion.paper import RAW_BITS, raw_relative_size
from tools.reproduce.tables import Line, Measurements, markdown

KEY = ("set", "n", "way")

INTERPOLATED, INTERPOLATED_LAB = "interpolated", "interpolated, LAB"
"""Hints alone, with the luminance of YCoCg-R exact, or that of CIELAB as in the paper."""

EACH, ALL, WRITTEN = "this n", "all n", "this n, as written"
"""The paper's kind of network, trained for this n or for all; without our start."""

OURS = "ours"
"""A .cgx file."""

RIVALS = ("JPEG 4:2:0", "WebP", "AVIF 4:2:0", "JPEG XL")

BY_WAY = (INTERPOLATED_LAB, EACH, ALL, WRITTEN, INTERPOLATED, OURS)


HEADING = """# Crayon's tables, measured again

Made by `python -m tools.reproduce crayon`; what it means stands in reproduction.md.

- Pictures: the middle square of each, scaled to 320 x 320 pixels, as Imagenette's.
- interpolated, LAB: colour of every n-th pixel of every n-th row, L of CIELAB exact, nothing else.
- this n, all n: the paper's kind of network beginning there, trained for this n, or one for all n.
- this n, as written: trained without that beginning.
- interpolated: the luminance of YCoCg-R exact instead. ours: .cgx with `mode="grid"`.
- exact: of our files, pictures that come back in every pixel. encode / decode: of our files, by the
  clock; their network: of the processor.
"""


def tables(measured: Measurements, sets: Sequence[str]) -> Iterator[str]:
    """For each set: quality by n and way; then at equal bytes."""
    yield HEADING
    for name in sets:
        ways = [key[1:] for key in measured.lines if key[0] == name]
        intervals = sorted({int(n) for n, _ in ways})
        count = measured[name, intervals[0], OURS]["count"]
        yield f"### {name}, {count} pictures: RGB PSNR in dB (mean CIEDE2000)\n"
        heads = ["n", *BY_WAY, "exact", "size as the paper counts", "our file",
                 "encode / decode, ms", "their network, ms"]  # fmt: skip
        yield from markdown(heads, (_by_way(measured, name, n) for n in intervals))
        equal = [n for n in intervals if (name, n, RIVALS[0]) in measured]
        if equal:
            yield f"### {name}: at the bytes of our file, RGB PSNR in dB (mean CIEDE2000)\n"
            rows = (
                [str(n), *(_quality(measured[name, n, way]) for way in (OURS, *RIVALS))]
                for n in equal
            )
            yield from markdown(["n", OURS, *RIVALS], rows)


def _quality(line: Line) -> str:
    psnr = f"{float(line['rgb_psnr_db']):.2f}" if line["rgb_psnr_db"] else "exact"
    return f"{psnr} ({float(line['ciede2000_mean']):.2f})"


def _by_way(measured: Measurements, name: str, interval: int) -> list[str]:
    known = {way: measured[name, interval, way] for way in BY_WAY
             if (name, interval, way) in measured}  # fmt: skip
    ours = known[OURS]
    return [
        str(interval),
        *(_quality(known[way]) if way in known else "" for way in BY_WAY),
        f"{ours['exact']} of {ours['count']}",
        f"{raw_relative_size(interval):.4f}",
        f"{float(ours['relative_size']):.4f} ({float(ours['relative_size']) * RAW_BITS:.2f} bpp)",
        f"{float(ours['encode_ms']):.0f} / {float(ours['decode_ms']):.0f}",
        f"{float(known[EACH]['decode_ms']):.0f}",
    ]
