"""cgx convert --engine dask: a cluster of two workers, one of which is killed in the middle."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import noise, photograph

pytest.importorskip("distributed")

COUNT = 16


class Cluster:
    """A scheduler and two workers without a nanny: who is killed stays away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.log = folder / "scheduler.log"
        quiet = ("--no-dashboard", "--host", "127.0.0.1")
        self._start("distributed.cli.dask_scheduler", "--port", "0", *quiet, log=self.log)
        self.address = self._wait(r"Scheduler at:\s+(tcp://\S+)")
        self.workers = [self._worker(number) for number in range(2)]
        registered = r"Register worker addr: (tcp://\S+)"
        self._wait(rf"{registered}[\s\S]*{registered}")

    def _worker(self, number: int) -> subprocess.Popen:
        options = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        place = ("--local-directory", str(self.folder / f"worker{number}"))
        log = self.folder / f"worker{number}.log"
        return self._start("distributed.cli.dask_worker", self.address, *options, *place, log=log)

    def _start(self, module: str, *arguments: str, log: Path) -> subprocess.Popen:
        command = [sys.executable, "-m", module, *arguments]
        with log.open("w") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def _wait(self, pattern: str) -> str:
        end = time.monotonic() + 60
        while not (found := re.search(pattern, self.log.read_text())):
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)
        return found[1]

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    opened = Cluster(tmp_path)
    yield opened
    opened.close()


class Watch(threading.Thread):
    """Notes each file that ever stood under a target's name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.seen: dict[str, set[int]] = {}
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.005):
            for path in self.folder.rglob("[0-9]*.cgx"):
                self.seen.setdefault(path.name, set()).add(path.stat().st_ino)


def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(
    cluster: Cluster, tmp_path: Path
) -> None:
    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    sources = {}
    for number in range(COUNT):
        picture = photograph("coffee", 150 + number, 110)
        picture.save(album / f"{number:02}.png")
        sources[f"{number:02}"] = picture.tobytes()
    watch = Watch(out)
    watch.start()
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(album), "-o", str(out)]
    options = ("--engine", "dask", "--scheduler", cluster.address, "--delete-originals")
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 60
    while len(list(out.rglob("[0-9]*.cgx"))) < 3:
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    counted, said = process.communicate(timeout=100)
    watch.over.set()
    watch.join()
    assert process.returncode == 0, said
    # Nothing lost: every picture is there, right, and its original went only after that.
    assert " 0 failed" in counted
    # What a worker may leave unfinished has a hidden name, and goes at the next run.
    targets = sorted(path for path in (out / "album").iterdir() if path.name[0] != ".")
    assert [path.stem for path in targets] == sorted(sources)
    for path in targets:
        with Image.open(path) as image:
            assert image.tobytes() == sources[path.stem]
    assert list(album.iterdir()) == []
    # Nothing twice: one outcome for each picture, and no target was ever replaced.
    converted, skipped = map(int, re.search(r"(\d+) converted, (\d+) skipped", counted).groups())
    assert converted + skipped == COUNT
    assert skipped <= 4  # results that died with the worker, their targets were found done
    assert all(len(files) == 1 for files in watch.seen.values())


def test_a_local_cluster_is_the_default(tmp_path: Path) -> None:
    for number in range(3):
        noise("RGB", (20, 20), number).save(tmp_path / f"{number}.bmp")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(tmp_path)]
    options = ("--engine", "dask", "--jobs", "2", "--keep-larger")
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "3 converted, 0 skipped, 1 failed" in done.stdout, done.stderr
    assert "bad.png: not a picture" in done.stderr


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    noise("RGB", (20, 20)).save(tmp_path / "a.png")
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(tmp_path / "a.png")]
    options = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1
    assert "tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
