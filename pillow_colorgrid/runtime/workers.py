"""Threads that share the work on one picture.

numpy and onnxruntime let other threads run while they compute, so threads of Python are enough.
Who has only one worker works in the calling thread: nothing is started.

A picture has one set of workers, however many steps of its way ask for some (`of_this_picture`):
sets inside of sets would make threads by their product. Who shares work does it as well, and those
who have nothing to do help: so one of many parts may be shared in turn (`Workers.sharing`).
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from pillow_colorgrid.runtime import execution

Part = TypeVar("Part")
Result = TypeVar("Result")


class Workers:
    """The calling thread and ``count - 1`` others, as a context: they end with it.

    One more, which `beside` uses, prepares work for them rather than doing it.
    """

    def __init__(self, count: int) -> None:
        self.count, self._helpers = count, count - 1
        several = count > 1
        self._pool = ThreadPoolExecutor(count - 1, initializer=_work_alone) if several else None
        self._beside = ThreadPoolExecutor(1, initializer=_work_alone) if several else None

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """`work` on all parts, its results in their order.

        The first part that fails ends it: others are begun no more, and those begun are waited for.
        """
        if self._pool is None or len(parts) < 2:
            return [work(part) for part in parts]
        shared = _Shared(work, parts)
        helpers = range(min(self._helpers, len(parts) - 1))
        coming = [self._pool.submit(shared.help) for _ in helpers]
        with _alone():
            shared.help()
        for helper in coming:
            if not helper.cancel():
                helper.result()
        return shared.results()

    def sharing(self, among: int) -> "Workers":
        """For the work on one of several parts, which are shared `among` these workers already.

        Those who have nothing left to do help with it. What is begun `beside` it they do as well,
        or, where none is free, who asks for its result.
        """
        if self._pool is None:
            return self
        count = -(-self.count // among)
        return _Sharing(self._pool, self._helpers, count)

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


class _Shared:
    """Parts of some work, which several threads take one after the other."""

    def __init__(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> None:
        self._work: Callable[[Any], Any] = work
        self._todo = deque(enumerate(parts))
        self._done: dict[int, Any] = {}
        self._failed: dict[int, BaseException] = {}

    def help(self) -> None:
        """Take parts until there is none."""
        while not self._failed:
            try:
                number, part = self._todo.popleft()
            except IndexError:
                return
            try:
                self._done[number] = self._work(part)
            except BaseException as error:
                self._failed[number] = error

    def results(self) -> list[Any]:
        """In the order of the parts; the error of the first one that failed is raised.

        Once: helpers that were called and never came are in the queue of their threads, perhaps as
        long as the picture takes, and would keep alive what is remembered here.
        """
        done, failed = self._done, self._failed
        del self._work, self._done, self._failed
        if failed:
            raise failed[min(failed)]
        return [done[number] for number in range(len(done))]


class _Sharing(Workers):
    """Workers of a part of some work: those of the whole, as far as they are idle."""

    def __init__(self, pool: ThreadPoolExecutor, helpers: int, count: int) -> None:
        self.count, self._helpers, self._pool, self._beside = count, helpers, pool, None
        self._todo: deque[_Deferred[Any]] = deque()
        self._at_work = threading.Lock()

    def beside(self, work: Callable[[], Result]) -> "Future[Result]":
        coming = _Deferred(work, self._finish)
        self._todo.append(coming)
        _submitted(self._pool, self._help)
        return coming

    def _help(self) -> None:
        """Do what is to be done, unless another thread is at it."""
        if self._at_work.acquire(blocking=False):
            try:
                self._do_all()
            finally:
                self._at_work.release()

    def _finish(self) -> None:
        """Do what is to be done, and wait for what another thread is at."""
        with self._at_work:
            self._do_all()

    def _do_all(self) -> None:
        while self._todo:
            self._todo.popleft().do()


class _Deferred(Future[Result]):
    """Work that is done, at the latest, when its result is asked for."""

    def __init__(self, work: Callable[[], Result], finish: Callable[[], None]) -> None:
        super().__init__()
        self._work, self._finish = work, finish

    def do(self) -> None:
        try:
            self.set_result(self._work())
        except BaseException as error:
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Result:
        if not self.done():
            self._finish()
        return super().result(timeout)


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
def _alone() -> Iterator[None]:
    """As a worker, for a while."""
    before, _here.workers = _here.workers, ALONE
    try:
        yield
    finally:
        _here.workers = before


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
