"""Threads that share work: order, errors, and none at all where one is enough."""

import threading

import pytest

from pillow_colorgrid.runtime.workers import ALONE, Workers


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_order(count):
    with Workers(count) as workers:
        assert workers.map(lambda x: x * x, range(50)) == [x * x for x in range(50)]
        assert workers.map(abs, []) == []


@pytest.mark.parametrize("count", [1, 3])
def test_beside_works_one_after_the_other(count):
    done = []
    with Workers(count) as workers:
        coming = [workers.beside(lambda k=k: done.append(k) or k) for k in range(20)]
        assert [one.result() for one in coming] == done == list(range(20))


@pytest.mark.parametrize("count", [1, 2])
def test_errors_reach_the_caller(count):
    with Workers(count) as workers:
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda x: 1 // x, [1, 0])
        with pytest.raises(ZeroDivisionError):
            workers.beside(lambda: 1 // 0).result()


def test_one_worker_starts_no_thread():
    here = threading.get_ident()
    assert set(ALONE.map(lambda _: threading.get_ident(), range(3))) == {here}
    assert ALONE.beside(threading.get_ident).result() == here


def test_threads_end_with_the_context():
    before = threading.active_count()
    with Workers(3) as workers:
        workers.map(abs, range(9))
        workers.beside(int)
    assert threading.active_count() == before
