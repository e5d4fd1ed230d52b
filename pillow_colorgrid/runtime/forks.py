"""Locks that a forked child can take.

A child inherits each lock as it is. One that another thread held stays locked there for ever: that
thread is not in the child.
"""

import os
import threading
from weakref import WeakSet


class ForkLock:
    """A lock: ``with lock.current: ...``; free in every child, whoever held it in the parent."""

    def __init__(self) -> None:
        self.current = threading.Lock()
        _all.add(self)


_all: "WeakSet[ForkLock]" = WeakSet()


def _renew_in_child() -> None:
    for lock in list(_all):
        lock.current = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_in_child)
