"""Matrix products on one thread, and afterwards on as many as before."""

import threading

import pytest

from pillow_colorgrid.runtime import blas
from pillow_colorgrid.runtime.blas import one_thread


def threads() -> list[int]:
    return [library["num_threads"] for library in blas._libraries().info()]


@pytest.fixture
def _two_threads():
    with blas._libraries().limit(limits=2):
        yield


def test_numpy_has_a_library_that_can_be_told() -> None:
    """Else `one_thread` would do nothing, and say nothing."""
    assert threads()


@pytest.mark.usefixtures("_two_threads")
def test_one_thread_within_and_as_before_afterwards() -> None:
    before = threads()
    assert max(before) == 2
    with one_thread():
        assert set(threads()) == {1}
        with one_thread():
            assert set(threads()) == {1}
        assert set(threads()) == {1}
    assert threads() == before


@pytest.mark.usefixtures("_two_threads")
def test_users_may_overlap() -> None:
    """The first who comes sets it, the last who goes sets it back."""
    before, entered, leave = threads(), threading.Event(), threading.Event()

    def use() -> None:
        with one_thread():
            entered.set()
            leave.wait()

    other = threading.Thread(target=use)
    with one_thread():
        other.start()
        entered.wait()
    assert set(threads()) == {1}
    leave.set()
    other.join()
    assert threads() == before


@pytest.mark.usefixtures("_two_threads")
def test_an_error_sets_it_back() -> None:
    before = threads()
    with pytest.raises(ZeroDivisionError), one_thread():
        _ = 1 // 0
    assert threads() == before
