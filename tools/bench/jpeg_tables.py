"""Rows of the comparison of JPEG codecs (`jpeg`): their table, their summary, their plot."""

import csv
from dataclasses import dataclass
from pathlib import Path

from tools.bench.jpeg_codecs import CODECS, RIVAL

MEGAPIXEL = 10**6

OTHER_JPEG = "another JPEG"
"""`Row.restored` of codecs that write a JPEG file again."""


@dataclass
class Row:
    """One codec on one file.

    Attributes:
        group: the folder, or the picture that is shown apart.
        origin: where a file that was found comes from.
        quality: of Pillow's encoder; "" for files that were found. So is `subsampling`.
        mode: Pillow's.
        jpeg_bytes: of the JPEG file.
        size_bytes: of the codec's file; the JPEG's where `refused` says why.
        restored: "yes", or `OTHER_JPEG`; "no" where refused.
        kept_as: of .cgx: "coefficients", "file" (as it is) or "pixels".
        encode_ms: JPEG file -> file.
        decode_ms: file -> pixels.
        restore_ms: file -> JPEG file.
        small_ms: file -> pixels at an eighth.
    """

    group: str
    file: str
    origin: str
    quality: str
    subsampling: str
    width: int
    height: int
    mode: str
    jpeg_bytes: int
    codec: str
    size_bytes: int
    restored: str
    kept_as: str
    encode_ms: float | str
    decode_ms: float | str
    restore_ms: float | str
    small_ms: float | str
    refused: str

    def key(self) -> tuple[str, ...]:
        return (self.group, self.file, self.quality, self.subsampling, self.codec)

    def order(self) -> tuple[object, ...]:
        """Rows are sorted by it."""
        number = list(CODECS).index(self.codec)
        return (self.group, self.subsampling, int(self.quality or 0), self.file, number)


def read_rows(path: Path) -> list[Row]:
    """The rows of a table that `write` wrote."""
    with path.open(newline="") as file:
        lines = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
        rows = [Row(**line) for line in lines]
    for row in rows:
        row.width, row.height = int(row.width), int(row.height)
        row.jpeg_bytes, row.size_bytes = int(row.jpeg_bytes), int(row.size_bytes)
    return rows


def write(path: Path, rows: list[dict[str, object]], columns: list[str], notes: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        file.writelines(f"# {note}\n" for note in notes)
        table = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def speed_mps(rows: list[Row], column: str) -> str:
    """Megapixels a second over all rows that have the time."""
    having = [row for row in rows if getattr(row, column) != ""]
    pixels = sum(row.width * row.height for row in having)
    milliseconds = sum(float(getattr(row, column)) for row in having)
    return f"{1000 * pixels / MEGAPIXEL / milliseconds:.2f}" if milliseconds else ""


def percent(size_bytes: int, of_bytes: int) -> str:
    return f"{100 * size_bytes / of_bytes - 100:+.2f}"


def summary(rows: list[Row]) -> list[dict[str, object]]:
    """A line for each group, quality, subsampling and codec."""
    grouped: dict[tuple[str, ...], dict[str, list[Row]]] = {}
    for row in rows:
        group = (row.group, row.quality, row.subsampling)
        grouped.setdefault(group, {}).setdefault(row.codec, []).append(row)
    lines: list[dict[str, object]] = []
    for (group, quality, subsampling), codecs in grouped.items():
        rival = {row.file: row.size_bytes for row in codecs.get(RIVAL, ())}
        for name, found in codecs.items():
            jpeg_bytes = sum(row.jpeg_bytes for row in found)
            size_bytes = sum(row.size_bytes for row in found)
            comparable = all(row.file in rival for row in found)
            rival_bytes = sum(rival[row.file] for row in found) if comparable else 0
            lines.append(
                {
                    "group": group,
                    "quality": quality,
                    "subsampling": subsampling,
                    "codec": name,
                    "files": len(found),
                    "refused": sum(bool(row.refused) for row in found),
                    "jpeg_bytes": jpeg_bytes,
                    "size_bytes": size_bytes,
                    "percent_of_jpeg": percent(size_bytes, jpeg_bytes),
                    "percent_of_jpeg_xl_e9": percent(size_bytes, rival_bytes) if comparable else "",
                    "largest_excess_bytes": max(row.size_bytes - row.jpeg_bytes for row in found),
                    "coefficients": sum(row.kept_as == "coefficients" for row in found),
                    "encode_mps": speed_mps(found, "encode_ms"),
                    "decode_mps": speed_mps(found, "decode_ms"),
                    "restore_mps": speed_mps(found, "restore_ms"),
                    "small_mps": speed_mps(found, "small_ms"),
                }
            )
    return lines


def plot(lines: list[dict[str, object]], path: Path) -> None:
    """Draw percent saved against decoding time, one panel for each group and subsampling."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = list(dict.fromkeys((line["group"], line["subsampling"]) for line in lines))
    figure, axes = pyplot.subplots(
        1, len(panels), figsize=(7 * len(panels), 5), squeeze=False, layout="constrained"
    )
    colours = dict(zip(CODECS, pyplot.get_cmap("tab10").colors, strict=False))
    for axis, panel in zip(axes[0], panels, strict=True):
        for name, colour in colours.items():
            points = [
                (1000 / float(line["decode_mps"]), -float(line["percent_of_jpeg"]), line["quality"])
                for line in lines
                if (line["group"], line["subsampling"], line["codec"]) == (*panel, name)
                and line["decode_mps"]
            ]
            if not points:
                continue
            times, saved, _ = zip(*points, strict=True)
            axis.plot(times, saved, "o-", color=colour, label=name)
            for milliseconds, value, quality in points:
                axis.annotate(
                    f"q{quality}" if quality else name,
                    (milliseconds, value),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize=8,
                )
        axis.set(
            xscale="log",
            xlabel="decoding to pixels, ms a megapixel",
            ylabel="percent of the JPEG saved (larger is better)",
            title=" ".join(filter(None, panel)),
        )
    axes[0][0].legend(fontsize=8)
    figure.savefig(path, dpi=110)
