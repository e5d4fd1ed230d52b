"""Do JPEG files of all kinds come back, pixels and bytes? 2,000 of them, made by number.

    python -m tools.bench.jpeg_generated --count 2000 --state /tmp/generated.tsv \\
        --out tools/results/jpeg_generated.tsv

Each file that Pillow shows is saved as .cgx, whose pixels must be those that Pillow shows of the
JPEG and whose `jpeg_bytes` must be the file; those that Pillow refuses are counted. `--state` has a
line for each file that is done, so that a run may be stopped and begun again. The table sums up by
kind: who wrote them, and how (`tools.data.generated_jpegs`). Some files a second; expect no
difference anywhere (status 1 otherwise), and more than 98 % kept as coefficients.
"""

import argparse
import sys
from collections import defaultdict
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

import pillow_colorgrid
from pillow_colorgrid.codings.jpeg.description import WHOLE_FILE
from pillow_colorgrid.frames.directory import read_first
from tools.data.generated_jpegs import Generated, generate

WAYS = ("coefficients", "as it is", "pixels alone", "Pillow refuses", "other pixels", "other bytes")
"""What may become of a file. The last two must not be."""

WRONG = WAYS[-2:]


def way_of(made: Generated) -> tuple[str, int]:
    """What becomes of a file, and the bytes of its .cgx file."""
    try:
        with Image.open(BytesIO(made.data)) as image:
            image.load()
            expected, mode = np.asarray(image), image.mode
            written = BytesIO()
            image.save(written, "CGX", jpeg=made.data)
    except (OSError, SyntaxError):
        return "Pillow refuses", 0
    size = len(written.getvalue())
    with Image.open(written) as shown:
        if shown.mode != mode or not np.array_equal(np.asarray(shown), expected):
            return "other pixels", size
        by_jpeg = shown.info["cgx"]["coding"] == "jpeg"
    if not by_jpeg:
        return "pixels alone", size
    if pillow_colorgrid.jpeg_bytes(BytesIO(written.getvalue())) != made.data:
        return "other bytes", size
    _, sections = read_first(BytesIO(written.getvalue()))
    whole = any(section.type == WHOLE_FILE.type for section in sections)
    return ("as it is" if whole else "coefficients"), size


def group_of(kind: str) -> str:
    """What a row of the table sums up."""
    parts = kind.split(", ")
    changes = [part for part in parts if part in CHANGES]
    if changes:
        return f"changed: {changes[0]}"
    if kind.startswith("Pillow"):
        return ", ".join(
            parts[:1] + [p for p in parts[1:] if p in ("baseline", "optimised", "progressive")]
        )
    factors, script = parts[0].split(" ", 1)
    return f"by hand, {factors.count(':') + 1} components, {script}"


CHANGES = ("tail", "behind a scan", "fill bytes", "unknown segment", "cropped")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    lines = arguments.state.read_text().splitlines() if arguments.state.exists() else []
    with arguments.state.open("a") as state:
        for number in range(len(lines), arguments.count):
            made = generate(number)
            way, size = way_of(made)
            lines.append(f"{number}\t{made.kind}\t{way}\t{len(made.data)}\t{size}")
            state.write(lines[-1] + "\n")
            state.flush()
            if way in WRONG:
                print(lines[-1], flush=True)
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * (len(WAYS) + 3))
    for line in lines:
        _, kind, way, before, after = line.split("\t")
        for group in (group_of(kind), "all"):
            row = sums[group]
            row[0] += 1
            row[1 + WAYS.index(way)] += 1
            if int(after):
                row[-2] += int(before)
                row[-1] += int(after)
    header = ["kind", "files", *WAYS, "jpeg_bytes", "cgx_bytes"]
    rows = [[group, *map(str, row)] for group, row in sorted(sums.items())]
    arguments.out.write_text("".join("\t".join(row) + "\n" for row in [header, *rows]))
    return int(any(sums["all"][1 + WAYS.index(way)] for way in WRONG))


if __name__ == "__main__":
    sys.exit(main())
