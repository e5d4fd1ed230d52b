"""Many jobs in processes of this machine; one that is killed takes no other picture with it."""

import contextlib
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from pillow_colorgrid.commands.convert import Job, Outcome, convert
from pillow_colorgrid.commands.targets import Settings
from pillow_colorgrid.commands.terminal import show_warnings_here
from pillow_colorgrid.runtime.execution import THREADS_VARIABLE

KILLED = "its process was killed twice (out of memory?)"


def run(jobs: Sequence[Job], settings: Settings, processes: int | None) -> Iterator[Outcome]:
    """Convert `jobs`; outcomes come as they are done.

    Args:
        processes: each converts one picture at a time on one core. None: here, one picture at a
            time on all cores, which suits a few pictures: no process has to start.

    When a process is killed, all jobs in hand are done again, each in a process of its own; one
    whose process is killed again has failed.
    """
    if processes is None or processes == 1 or len(jobs) < 2:
        with contextlib.nullcontext() if processes is None else _one_thread():
            for job in jobs:
                yield convert(job, settings)
        return
    waiting = deque(jobs)
    while waiting:
        suspects: list[Job] = []
        yield from _until_killed(waiting, suspects, settings, processes)
        for job in suspects:
            alone: deque[Job] = deque([job])
            again: list[Job] = []
            yield from _until_killed(alone, again, settings, 1)
            yield from (Outcome(job, "failed", reason=KILLED) for job in again)


def _until_killed(
    waiting: deque[Job], suspects: list[Job], settings: Settings, processes: int
) -> Iterator[Outcome]:
    """Take jobs from `waiting` until there are none, or until a process is killed.

    `suspects` are then the jobs that were in hand.
    """
    # Not fork: a forked onnxruntime hangs. One thread each: the processes share the cores.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin)
    running: dict[Future[Outcome], Job] = {}
    try:
        while (waiting or running) and not suspects:
            # No more in hand than processes: all of these, and only these, may have killed one.
            while waiting and len(running) < processes:
                job = waiting[0]
                running[pool.submit(convert, job, settings)] = job
                waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    suspects.append(job)
                else:
                    yield future.result()
    except BrokenProcessPool:  # submit() found it out
        pass
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if suspects or waiting:
        yield from _finished(running, suspects)


def _finished(running: dict[Future[Outcome], Job], suspects: list[Job]) -> Iterable[Outcome]:
    """Outcomes that came just before the end; the other jobs become suspects."""
    for future, job in running.items():
        if future.exception():
            suspects.append(job)
        else:
            yield future.result()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Within, a picture takes one core, unless the user's environment says otherwise."""
    before = os.environ.get(THREADS_VARIABLE)
    os.environ.setdefault(THREADS_VARIABLE, "1")
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS_VARIABLE]


def _begin() -> None:
    show_warnings_here()
    os.environ.setdefault(THREADS_VARIABLE, "1")
    # Ctrl-C reaches the whole group; a worker finishes its picture, its parent gives it no other.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
