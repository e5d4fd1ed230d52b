"""The thesis's tables as Markdown: what is printed there, and what was measured."""

from collections.abc import Iterator

from tools.reproduce.tables import Line, Measurements, markdown
from tools.reproduce.thesis.measuring import CODECS, JPEG
from tools.reproduce.thesis.spaces import SPACES, Space
from tools.reproduce.thesis.tables import TABLES, TEST, Row

KEY = ("space", "network", "levels", "scale", "pictures")

SIZES_KEY = ("scale", "side")

PRINTED_BYTES = {1: 9614, 2: round(9614 * 2.28), 4: 55233}
"""What the thesis calls the mean PNG size of its validation pictures, by enlargement."""

PRINTED_TEST_BYTES = {1: 11321, 2: round(11321 * 2.28), 4: 87766}
"""Of its test pictures; at 2 x with the same growth: what is printed there repeats that of 1 x."""

SCALES = tuple(PRINTED_BYTES)

HEADING = """# The thesis's tables, measured again

Made by `python -m tools.reproduce thesis`; what it means stands in reproduction.md.

- Pictures: the middle square of each, scaled to 256 x 256 pixels; "enlarged" as there, bicubic.
- colour: LAB, as written there, or YCoCg-R in integers modulo 256.
- gain: bytes saved of the picture's own file, in percent, PNG / WebP / JPEG XL, bottleneck included
  unless "free"; printed ones are of what the thesis calls PNG.
- network alone: the same, of the file that the colour space's planes make without any network.
- MSE: of A and B, or of Co and Cg; beside it what one colour for the whole picture leaves, and what
  means of 32 x 32 pixels, interpolated.
- minutes: processor time of the training. ms: of encoding.
"""

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
    plain = PRINTED_TEST_BYTES if row.pictures == TEST else PRINTED_BYTES
    return 100 * row.printed[column] / plain[row.scale]


def percent(line: Line, codec: str, free: bool, of: str = "plain") -> float:
    """The part that the decolorized file saves of the `plain` one, or of "transform"."""
    told = 0.0 if free else float(line["bottleneck_bytes"])
    return 100 * (1 - (float(line[codec]) + told) / float(line[f"{of}_{codec}"]))


def _percents(line: Line, free: bool, of: str = "plain") -> str:
    """For each codec."""
    return " / ".join(f"{percent(line, codec, free, of):+.1f}" for codec in CODECS)


def _cell(row: Row, line: Line, column: str) -> str:
    """Ours, for each codec where it is a gain."""
    if column in ("gain", "gain_free"):
        return _percents(line, column == "gain_free")
    if column == "beyond_percent":
        return f"{100 * float(line['beyond']):.0f}"
    return f"{float(line[column]):.3g}" if line[column] else "-"


def _exact(measured: Measurements) -> Iterator[list[str]]:
    """Of all measurements of a colour space, each picture counted with each network."""
    for space in SPACES:
        lines = [line for key, line in measured.lines.items() if key[0] == space.name]
        counts = [int(line["count"]) for line in lines]
        exact = sum(
            round(float(line["exact"]) * count) for line, count in zip(lines, counts, strict=True)
        )
        means = (
            sum(float(line[name]) * count for line, count in zip(lines, counts, strict=True))
            / sum(counts)
            for name in ("wrong_pixels", "restored_mse")
        )
        wrong, mse = means
        yield [space.name, f"{exact} of {sum(counts)}", f"{100 * wrong:.1f} %", f"{mse:.3g}"]


def _sizes(plain: Measurements) -> Iterator[list[str]]:
    """Bytes of the pictures themselves by codec, and how they grow when enlarged."""
    lines = {scale: line for (scale, _), line in plain.lines.items()}
    sizes = {'thesis, "PNG"': [PRINTED_BYTES[scale] for scale in SCALES]}
    for name in (*CODECS, *JPEG):
        sizes[name] = [int(lines[str(scale)][name]) for scale in SCALES]
    for name, found in sizes.items():
        growth = (f"{size / found[0]:.2f}" for size in found[1:])
        yield [name, *(f"{size:,}" for size in found), ", ".join(growth)]


def tables(measured: Measurements, plain: Measurements) -> Iterator[str]:
    """The tables; gains in % of the picture's own file: PNG / WebP / JPEG XL.

    "network alone" is the gain over the file of the colour space's planes without any network.
    """
    yield HEADING
    yield "### Bytes of the validation pictures themselves\n"
    heads = ["codec", *(f"enlarged {scale} x" for scale in SCALES), "growth"]
    yield from markdown(heads, _sizes(plain))
    yield "### Pictures that come back exactly\n"
    yield from markdown(["colour", "exact", "pixels wrong", "MSE restored"], _exact(measured))
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
            "MSE of its mean colour / of 32 x 32 means",
            "network alone",
            "PSNR, dB",
            "exact",
            "weights, MB",
            "minutes",
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
        f"{float(line['mean_mse']):.3g} / {float(line['means_mse']):.3g}",
        _percents(line, row.levels is None, "transform"),
        f"{float(line['psnr_db']):.1f}" if line["psnr_db"] else "-",
        f"{round(float(line['exact']) * int(line['count']))} of {line['count']}",
        line["weights_mb"],
        line["minutes"],
        f"{float(line['encode_ms']):.0f}",
    ]
