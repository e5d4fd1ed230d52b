"""Where and how wide networks compute: onnxruntime's providers, and threads.

Each may be chosen by `register_cgx_opener`, else by an environment variable, else by default.
Importing this costs nothing: neither numpy nor onnxruntime is needed to choose.
"""

import os
import sys
from collections.abc import Sequence

PROVIDERS_VARIABLE = "PILLOW_COLORGRID_PROVIDERS"
"""Comma-separated onnxruntime providers, for instance ``CUDAExecutionProvider``."""

THREADS_VARIABLE = "PILLOW_COLORGRID_THREADS"
"""Threads for one picture; default: the processors this process may use, and one in a worker of
multiprocessing (a DataLoader's, say): there are others beside it."""

_chosen_providers: tuple[str, ...] | None = None
_chosen_threads: int | None = None


def choose(providers: Sequence[str] | None = None, threads: int | None = None) -> None:
    """Set providers and threads for this process; None leaves what holds so far.

    Raises:
        ValueError: `threads` is not a positive integer, or `providers` is a bare string.
    """
    global _chosen_providers, _chosen_threads
    if isinstance(providers, str):
        raise ValueError(f"providers={providers!r}, allowed: a list of names")
    if threads is not None and (isinstance(threads, bool) or not _positive(threads)):
        raise ValueError(f"threads={threads!r}, allowed: integers from 1")
    if providers is not None:
        _chosen_providers = tuple(providers)
    if threads is not None:
        _chosen_threads = threads


def _positive(number: object) -> bool:
    return isinstance(number, int) and number >= 1


def wanted_providers() -> tuple[str, ...]:
    """The providers that were asked for, in their order; () leaves it to the CPU."""
    if _chosen_providers is not None:
        return _chosen_providers
    given = os.environ.get(PROVIDERS_VARIABLE, "")
    return tuple(filter(None, map(str.strip, given.split(","))))


def _is_worker() -> bool:
    """Whether multiprocessing started this process, which then has imported it."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def threads() -> int:
    """Threads for one picture.

    Raises:
        ValueError: THREADS_VARIABLE is not a positive integer.
    """
    if _chosen_threads is not None:
        return _chosen_threads
    given = os.environ.get(THREADS_VARIABLE)
    if given is None:
        if _is_worker():
            return 1
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"{THREADS_VARIABLE}={given!r}, allowed: integers from 1")
    return int(given)
