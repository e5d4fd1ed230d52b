"""What does a large JPEG file take: time and memory of saving, showing, restoring, a thumbnail?

    python -m tools.bench.jpeg_large --images ../shared/data/eval/clic2025 \\
        --out tools/results/jpeg_24_megapixels.tsv

The photographs of a folder are laid side by side (6000 x 4000 pixels) and saved by Pillow, quality
85, 4:2:0. Each action runs in a process of its own, so that its memory is seen; pixels and bytes
are verified before a figure is written. On two quiet cores about a minute; expect 2 MP/s and
more to show and to restore, less than 1.2 GB, and a thumbnail (draft, 1/8) in less than an eighth
of the time of the picture.

Each line: the action, s by the clock, s of the processor (all threads), MP/s of the processor, peak
memory in MB (the whole process), and how many bytes came out.
"""

import argparse
import hashlib
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

import pillow_colorgrid
from tools.data.images import mosaic

SIZE = (6000, 4000)

QUALITY = 85

COLUMNS = ("action", "clock_s", "cpu_s", "mp_per_cpu_s", "peak_mb", "bytes")


def save(source: Path, target: Path) -> bytes:
    with Image.open(source) as image:
        image.save(target)
    return target.read_bytes()


def show(source: Path, target: Path) -> bytes:
    with Image.open(source) as image:
        return image.tobytes()


def restore(source: Path, target: Path) -> bytes:
    return pillow_colorgrid.jpeg_bytes(source)


def thumbnail(source: Path, target: Path) -> bytes:
    with Image.open(source) as image:
        image.draft(None, (image.width // 8, image.height // 8))
        return image.tobytes()


ACTIONS: dict[str, Callable[[Path, Path], bytes]] = {
    "save": save,
    "show": show,
    "restore": restore,
    "thumbnail": thumbnail,
}


def child(action: str, source: Path, target: Path) -> None:
    """Do it and say what it took. Imports count for memory, not for time."""
    for module in ("onnxruntime", "PIL.JpegImagePlugin", "pillow_colorgrid.codings.jpeg.coding"):
        importlib.import_module(module)
    clock, cpu = time.perf_counter(), time.process_time()
    result = ACTIONS[action](source, target)
    told = {
        "clock_s": time.perf_counter() - clock,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "bytes": len(result),
        "sha256": hashlib.sha256(result).hexdigest(),
    }
    print(json.dumps(told))


def measured(action: str, source: Path, target: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench.jpeg_large", "--child", action]
    command += [str(source), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, default=SIZE)
    arguments = parser.parse_args()
    size = tuple(arguments.size)
    with tempfile.TemporaryDirectory() as folder:
        original, kept = Path(folder, "mosaic.jpg"), Path(folder, "mosaic.cgx")
        lossless = Path(folder, "mosaic.png")
        mosaic(arguments.images, size, lossless)
        with Image.open(lossless) as image:
            image.save(original, quality=QUALITY)
        lossless.unlink()
        rows = [f"jpeg\t\t\t\t\t{original.stat().st_size}"]
        for action in ACTIONS:
            found = measured(action, original if action == "save" else kept, kept)
            digest = found.pop("sha256")
            if action == "restore":
                assert digest == hashlib.sha256(original.read_bytes()).hexdigest()
            if action == "show":
                with Image.open(original) as image:
                    assert digest == hashlib.sha256(image.tobytes()).hexdigest()
            found["mp_per_cpu_s"] = size[0] * size[1] / 1e6 / found["cpu_s"]
            rows.append("\t".join([action, *(f"{found[name]:.6g}" for name in COLUMNS[1:])]))
            print(rows[-1], flush=True)
    arguments.out.write_text("\t".join(COLUMNS) + "\n" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
