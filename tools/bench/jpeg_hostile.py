"""What do hostile JPEG files cost who saves them as .cgx? Each in a process of its own.

    python -m tools.bench.jpeg_hostile --out tools/results/jpeg_hostile.tsv

Two ways lead in: `jpeg.file.read_exact`, which takes a file apart and rebuilds it ("read"), and
`Image.open(...).save("a.cgx", jpeg=data)` ("save"), where Pillow looks first, may refuse, and must
show the picture (its limit of pixels bounds both). Each line: the case
(`tools.data.hostile_jpegs`), bytes of the file, what became of it, seconds of the processor, peak
memory of the process in MB. A documented error or a .cgx file is expected, under a minute and 2 GB;
any other end sets the status to 1.
"""

import argparse
import resource
import subprocess
import sys
import time
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image

from pillow_colorgrid.jpeg import file
from tools.data.hostile_jpegs import CASES

WAYS = ("read", "save")

LARGEST_S, LARGEST_MB = 60, 2048

LIMIT_S = 120
"""Of the processor: then a case is stopped."""

COLUMNS = ("case", "way", "bytes", "outcome", "cpu_s", "peak_mb")


def outcome(way: str, data: bytes) -> str:
    """What becomes of a file. Whatever is no documented error is raised."""
    if way == "read":
        try:
            file.read_exact(data)
        except ValueError as error:
            return f"refused: {error}"
        return "coefficients"
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"Pillow refuses: {error}".replace(str(data[:0]), "")
    written = BytesIO()
    try:
        image.save(written, "CGX", jpeg=data)
    except (OSError, ValueError) as error:  # what `save` documents
        return f"refused: {error}"
    with Image.open(written) as shown:
        shown.load()
        return f"{shown.info['cgx']['coding']}, {len(written.getvalue())} bytes"


def child(number: int, way: str) -> None:
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    data = CASES[number].make()
    begin = time.process_time()
    found = outcome(way, data)
    took = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = " ".join(found.split())[:120]
    print(f"{len(data)}\t{found}\t{took:.2f}\t{peak:.0f}")


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        child(int(sys.argv[2]), sys.argv[3])
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows, good = ["\t".join(COLUMNS)], True
    for number, case in enumerate(CASES):
        for way in WAYS:
            command = [sys.executable, "-m", "tools.bench.jpeg_hostile", "--child"]
            done = subprocess.run(
                [*command, str(number), way], check=False, capture_output=True, text=True
            )
            failed = f"status {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
            told = done.stdout.strip() or f"\t{failed}\t\t"
            rows.append(f"{case.name}\t{way}\t{told}")
            print(rows[-1], flush=True)
            took, peak = told.split("\t")[2:]
            good &= bool(took) and float(took) < LARGEST_S and float(peak) < LARGEST_MB
    arguments.out.write_text("\n".join(rows) + "\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
