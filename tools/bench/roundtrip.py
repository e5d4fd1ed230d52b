"""Does every picture come back? Through a file on disk, in a new process, byte for byte.

    python -m tools.bench.roundtrip --images DIR... [--out tools/results/roundtrip.tsv]

Each picture is saved with each coding; another process, which knows only `Image.open` and
``import pillow_colorgrid``, decodes the files and tells mode, size and a hash of the pixels. Exit
status 1 if one differs. Some minutes for all of data/eval.
"""

import argparse
import csv
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from pillow_colorgrid.commands.demo import DECODER
from tools.data.images import Picture, pictures

CODINGS = ("lossless", "decolorized")


def state(image: Image.Image) -> tuple[str, str, str, str]:
    """Mode, width, height and hash of the pixels, as DECODER prints them."""
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    return image.mode, str(image.width), str(image.height), digest


def decode_elsewhere(paths: list[Path]) -> list[tuple[str, ...]]:
    command = [sys.executable, "-c", DECODER, *map(str, paths)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return [tuple(line.split()[:4]) for line in answer.stdout.splitlines()]


def check(shown: list[Picture], coding: str) -> tuple[int, int, list[str]]:
    """Number of pictures saved, bytes of their files, names of those that did not come back."""
    kept, wanted, names = [], [], []
    with tempfile.TemporaryDirectory() as temporary:
        for number, picture in enumerate(tqdm(shown, desc=coding, disable=None)):
            image = picture.open()
            path = Path(temporary) / f"{number}.cgx"
            try:
                image.save(path, mode=coding)
            except OSError as error:
                if "cannot write mode" not in str(error):
                    raise
                continue
            kept.append(path)
            wanted.append(state(image))
            names.append(picture.path.name)
        found = decode_elsewhere(kept)
        sizes = sum(path.stat().st_size for path in kept)
    wrong = [n for n, a, b in zip(names, wanted, found, strict=True) if a != b]
    return len(kept), sizes, wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", nargs="+", type=Path, required=True, help="folders")
    parser.add_argument("--codings", nargs="+", default=list(CODINGS), choices=CODINGS)
    parser.add_argument("--out", type=Path, help="TSV file")
    options = parser.parse_args()
    rows, status = [], 0
    for folder in options.images:
        shown = pictures(folder)
        for coding in options.codings:
            count, size_bytes, wrong = check(shown, coding)
            rows.append([folder.name, coding, len(shown), count, count - len(wrong), size_bytes])
            print(*rows[-1], *wrong, sep="\t", flush=True)
            status |= bool(wrong)
    if options.out:
        with options.out.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="\t")
            writer.writerow(["folder", "coding", "pictures", "saved", "equal", "size_bytes"])
            writer.writerows(rows)
    return status


if __name__ == "__main__":
    sys.exit(main())
