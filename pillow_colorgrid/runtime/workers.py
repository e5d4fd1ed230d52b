"""Threads that share the work on one picture.

numpy and onnxruntime let other threads run while they compute, so threads of Python are enough.
Who has only one worker works in the calling thread: nothing is started.

A picture has one set of workers, however many steps of its way ask for some (`of_this_picture`):
sets inside of sets would make threads by their product.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from pillow_colorgrid.runtime import execution

Part = TypeVar("Part")
Result = TypeVar("Result")


class Workers:
    """`count` threads, as a context: they end with it.

    One more, which `beside` uses, prepares work for them rather than doing it.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        several = count > 1
        self._pool = ThreadPoolExecutor(count, initializer=_work_alone) if several else None
        self._beside = ThreadPoolExecutor(1, initializer=_work_alone) if several else None

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """`work` on all parts, its results in their order. A worker must not call this itself."""
        if self._pool is None or len(parts) < 2:
            return [work(part) for part in parts]
        return list(self._pool.map(work, parts))

    def begin(self, work: Callable[[], Result]) -> "Future[Result]":
        """Let one of the workers do `work`; alone: finish it now."""
        return _submitted(self._pool, work)

    def beside(self, work: Callable[[], Result]) -> "Future[Result]":
        """Begin `work`, one after the other where this is called again; alone: finish it now."""
        return _submitted(self._beside, work)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for threads in (self._beside, self._pool):
            if threads is not None:
                threads.shutdown(cancel_futures=True)


def _submitted(threads: ThreadPoolExecutor | None, work: Callable[[], Result]) -> "Future[Result]":
    if threads is not None:
        return threads.submit(work)
    done: Future[Result] = Future()
    done.set_result(work())
    return done


ALONE = Workers(1)
"""The calling thread does everything."""


class _Here(threading.local):
    """What the calling thread has."""

    workers: Workers | None = None


_here = _Here()


def _work_alone() -> None:
    """Who is a worker has no others."""
    _here.workers = ALONE


@contextmanager
def of_this_picture() -> Iterator[Workers]:
    """The workers of the picture that the calling thread is busy with: its own, or now new ones.

    Who is a worker is alone.
    """
    if _here.workers is not None:
        yield _here.workers
        return
    with Workers(execution.threads()) as workers:
        _here.workers = workers
        try:
            yield workers
        finally:
            _here.workers = None


def threads_here() -> int:
    """So many threads may compute one step of what the calling thread does."""
    return 1 if _here.workers is ALONE else execution.threads()
