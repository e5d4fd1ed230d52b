"""numpy's matrix products on one thread.

OpenBLAS, inside of numpy's wheels, waits by spinning. Where other processes use the cores, its
threads wait for one another: products of milliseconds take seconds. Measured on two busy cores,
768 x 512 pixels, CPU seconds with one thread and with OpenBLAS's own choice: lossless at effort 6
1.5 and 11 to 12, grid 0.6 and 1.5, a JPEG recovered from pixels 0.45 and 0.6. The products here are
small; one thread is best, and its sums come in one order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pillow_colorgrid.runtime.forks import ForkLock

_lock = ForkLock()
_users = 0
_before: Any = None


@cache
def _libraries() -> Any:
    """The BLAS libraries of this process: numpy's, and what others loaded before."""
    import numpy  # noqa: F401 (its BLAS must be there to be found)
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _set_back(limit: Any) -> None:
    """As many threads as before `limit`, whichever thread comes to it.

    From 3.8 on threadpoolctl lets only the thread that set a limit take it back, unless that has
    given it up: here it has, because the last user is the one who sets it back.
    """
    from threadpoolctl import OpenBLASController

    give_up = getattr(OpenBLASController, "clear_controlling_thread", lambda force: None)
    give_up(force=True)
    limit.restore_original_limits()
    give_up(force=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, BLAS uses one thread in this process; then as many as before."""
    global _users, _before
    with _lock.current:
        if _users == 0:
            _before = _libraries().limit(limits=1)
        _users += 1
    try:
        yield
    finally:
        with _lock.current:
            _users -= 1
            if _users == 0:
                _set_back(_before)
