"""How long does this release take to encode and decode, beside an earlier one in the same run?

    git worktree add EARLIER ed222ea    # the end of 0.2.0
    python -m tools.bench.releases --earlier EARLIER --out tools/results/releases.tsv \\
        [--most N] NAME=FOLDER ...

Of each kind up to N pictures, spread over the folder. Each release encodes and decodes a picture at
its default effort in a process of its own, by turns, and the least CPU time of some rounds counts
(of all threads; what loads once is loaded before). A line for each picture: bytes and times of
both. What comes back is compared with the picture. A quarter of an hour for three pictures of each
of eight kinds.
"""

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path

from tqdm import tqdm

from tools.data.images import pictures

ROUNDS = 2

CHILD = """
import io, sys, time
from PIL import Image
import pillow_colorgrid

if not pillow_colorgrid.__file__.startswith(sys.argv[2]):
    raise SystemExit("the package of another checkout")

def once(image):
    file, begin = io.BytesIO(), time.process_time()
    image.save(file, "CGX")
    middle = time.process_time()
    with Image.open(io.BytesIO(file.getvalue())) as found:
        found.load()
    end = time.process_time()
    if found.mode != image.mode or found.tobytes() != image.tobytes():
        raise SystemExit("does not give back the picture")
    return len(file.getvalue()), middle - begin, end - middle

with Image.open(sys.argv[1]) as opened:
    image = opened.copy()
image.info = {}
once(image.crop((0, 0, min(64, image.width), min(64, image.height))))
size, encode, decode = once(image)
print(size, encode, decode)
"""

COLUMNS = (
    "kind", "picture", "mode", "width", "height", "earlier_bytes", "bytes", "earlier_encode_ms",
    "encode_ms", "earlier_decode_ms", "decode_ms",
)  # fmt: skip


def measured(checkout: Path, picture: Path) -> tuple[int, float, float]:
    """Bytes, and CPU seconds to encode and to decode, by the package of a checkout."""
    command = [sys.executable, "-P", "-c", CHILD, str(picture.resolve()), str(checkout.resolve())]
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    size, encode, decode = done.stdout.split()
    return int(size), float(encode), float(decode)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kinds", nargs="+", help="folders of pictures, or NAME=FOLDER")
    parser.add_argument("--earlier", type=Path, required=True, help="a checkout")
    parser.add_argument("--most", type=int, default=3, help="pictures of each kind")
    parser.add_argument("--out", type=Path, required=True, help="the table (TSV) to write")
    options = parser.parse_args()
    here = Path(__file__).resolve().parents[2]
    with options.out.open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for one in options.kinds:
            kind, _, folder = one.rpartition("=")
            found = pictures(Path(folder))
            step = -(-len(found) // options.most)
            for picture in tqdm(found[step // 2 :: step], desc=kind or Path(folder).name):
                releases = (options.earlier, here)
                rounds = [[measured(c, picture.path) for c in releases] for _ in range(ROUNDS)]
                earlier, now = (
                    [min(values) for values in zip(*of_one, strict=True)]
                    for of_one in zip(*rounds, strict=True)
                )
                row = [kind or Path(folder).name, picture.path.name, picture.mode, *picture.size]
                row += [earlier[0], now[0]]
                row += [f"{1000 * r[i]:.0f}" for i in (1, 2) for r in (earlier, now)]
                table.writerow(row)
                file.flush()


if __name__ == "__main__":
    main()
