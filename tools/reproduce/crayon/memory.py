"""Memory that a fresh process needs to show one picture: ours, and the paper's way.

    python -m tools.reproduce.crayon.memory open FILE
    python -m tools.reproduce.crayon.memory paint WIDTH SIDE N

Each does one thing and prints its own peak in MiB.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

KIB_PER_MIB = 1024


def open_file(path: Path) -> None:
    """Decode a .cgx file."""
    from PIL import Image

    import pillow_colorgrid  # noqa: F401  what this process needs, and no more

    with Image.open(path) as image:
        image.load()


def paint_square(width: int, side: int, interval: int) -> None:
    """Ask a network of the paper's kind; what its weights are does not matter."""
    from tools.reproduce.crayon.making import painted
    from tools.reproduce.crayon.network import XiaoNet

    painted(XiaoNet(width).eval(), np.zeros((side, side, 3), np.uint8), interval)


def peak_mib(*arguments: object) -> float:
    """What this module's command prints."""
    command = [sys.executable, "-m", __spec__.name, *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Read the command line."""
    what, *given = sys.argv[1:]
    if what == "open":
        open_file(Path(given[0]))
    else:
        paint_square(*map(int, given))
    # not getrusage: after exec its peak still counts the parent's memory
    status = Path("/proc/self/status").read_text("ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(f"{int(kib) / KIB_PER_MIB:.0f}")


if __name__ == "__main__":
    main()
