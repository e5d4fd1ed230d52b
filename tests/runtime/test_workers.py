"""Threads that share work: order, errors, and none at all where one is enough."""

import threading
import weakref

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.runtime import execution
from pillow_colorgrid.runtime.workers import ALONE, Workers, of_this_picture, threads_here
from tests.conftest import chosen, photograph


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


def threads_of(work):
    """The most threads that were alive in this process at once, beside those before."""
    before, most, done = threading.active_count(), 0, threading.Event()

    def watch():
        nonlocal most
        while not done.wait(0.0005):
            most = max(most, threading.active_count() - before - 1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return most


def test_a_picture_has_one_set_of_workers(monkeypatch):
    monkeypatch.setattr(execution, "threads", lambda: 3)
    with of_this_picture() as workers:
        assert workers.count == 3
        with of_this_picture() as again:
            assert again is workers
        assert workers.begin(lambda: len("well")).result() == 4
    with of_this_picture() as others:
        assert others is not workers


def test_who_works_is_alone(monkeypatch):
    monkeypatch.setattr(execution, "threads", lambda: 3)

    def here(_=None):
        with of_this_picture() as workers:
            return workers is ALONE, threads_here()

    with of_this_picture() as workers:
        assert workers.map(here, range(4)) == [(True, 1)] * 4
        assert workers.beside(here).result() == workers.begin(here).result() == (True, 1)
        assert here() == (False, 3)
    assert threads_here() == 3


def test_other_threads_have_workers_of_their_own(monkeypatch):
    monkeypatch.setattr(execution, "threads", lambda: 2)
    found = []

    def ask():
        with of_this_picture() as workers:
            found.append(workers)

    with of_this_picture() as workers:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert found[0] not in (workers, ALONE)


def test_saving_starts_no_more_threads_than_it_may(monkeypatch):
    """The caller and one for the work, one beside them; also while WebP is tried."""
    monkeypatch.setattr(execution, "threads", lambda: 2)
    pixels = np.asarray(photograph("coffee", 200, 200))
    assert 1 <= threads_of(lambda: chosen(pixels, Options(effort=5))) <= 2


@pytest.mark.parametrize("count", [1, 2, 5])
def test_parts_are_shared_in_turn(count):
    """Each part's parts, and what goes beside them, in their order; nobody waits for ever."""
    beside = {}

    def work(part):
        workers = shared.sharing(among=3)
        done = beside[part] = []
        coming = [workers.beside(lambda k=k: done.append(k) or k) for k in range(9)]
        squares = workers.map(lambda x: x * x, range(part))
        assert [one.result() for one in coming] == done == list(range(9))
        return squares

    with Workers(count) as shared:
        assert shared.map(work, range(30)) == [[x * x for x in range(n)] for n in range(30)]
    assert len(beside) == 30


def test_the_idle_help():
    """One of two parts waits until another thread has done a part of it."""
    with Workers(2) as workers:
        sharing = workers.sharing(among=2)
        here, there = threading.get_ident(), threading.Event()

        def part(_):
            if threading.get_ident() != here:
                there.set()
            assert there.wait(20)

        sharing.map(part, range(2))


@pytest.mark.parametrize("count", [1, 3])
def test_errors_of_shared_parts_reach_the_caller(count):
    with Workers(count) as workers:
        sharing = workers.sharing(among=2)
        with pytest.raises(ZeroDivisionError):
            sharing.beside(lambda: 1 // 0).result()
        with pytest.raises(ZeroDivisionError):
            workers.map(lambda x: sharing.map(lambda y: y // x, range(3)), [1, 0, 2])


def test_after_an_error_no_part_is_begun():
    begun = []

    def work(part):
        begun.append(part)
        raise ValueError(part)

    with Workers(2) as workers, pytest.raises(ValueError, match=r"^[01]$"):
        workers.map(work, range(100))
    assert len(begun) <= 2


def test_what_no_helper_came_for_is_forgotten():
    """Else a picture of many tiles would remember the outputs of all of them until its end."""
    end = threading.Event()
    with Workers(2) as workers:
        busy = workers.begin(end.wait)
        made = workers.map(lambda length: np.empty(length), [1, 2, 3])
        seen = [weakref.ref(one) for one in made]
        del made
        found = [one() for one in seen]
        end.set()
        busy.result()
    assert found == [None] * 3
