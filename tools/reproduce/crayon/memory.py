"""Memory that a fresh process needs to show one picture: ours, and the paper's way."""

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
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


def _measured(work: Callable[..., None], arguments: tuple[object, ...], answer: Connection) -> None:
    work(*arguments)
    answer.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB)


def peak_mib(work: Callable[..., None], *arguments: object) -> float:
    """Of a process that does this and nothing else."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_measured, args=(work, arguments, there))
    process.start()
    process.join()
    if process.exitcode:
        raise ChildProcessError(f"{work.__name__} ended with status {process.exitcode}")
    found: float = here.recv()
    return found
