"""Threads that share the work on one picture.

numpy and onnxruntime let other threads run while they compute, so threads of Python are enough.
Who has only one worker works in the calling thread: nothing is started.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class Workers:
    """`count` threads, as a context: they end with it.

    One more, which `beside` uses, prepares work for them rather than doing it.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count) if count > 1 else None
        self._beside = ThreadPoolExecutor(1) if count > 1 else None

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """`work` on all parts, its results in their order. A worker must not call this itself."""
        if self._pool is None or len(parts) < 2:
            return [work(part) for part in parts]
        return list(self._pool.map(work, parts))

    def beside(self, work: Callable[[], Result]) -> "Future[Result]":
        """Begin `work`, one after the other where this is called again; alone: finish it now."""
        if self._beside is not None:
            return self._beside.submit(work)
        done: Future[Result] = Future()
        done.set_result(work())
        return done

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


ALONE = Workers(1)
"""The calling thread does everything."""
