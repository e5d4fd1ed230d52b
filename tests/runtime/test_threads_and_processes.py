"""One picture from many threads, many pictures at once, and children of every kind.

What forks or counts threads runs in a process of its own, with CI unset.
"""

import io
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pillow_colorgrid import codec, register_cgx_opener
from pillow_colorgrid.runtime import execution, networks
from tests.conftest import photograph

HAS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


def saved(picture: Image.Image, **keywords: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return file.getvalue()


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    """One for each coding that computes something."""
    whole = photograph("coffee", 96, 80)
    return [whole, whole.quantize(50), whole.convert("CMYK"), whole.convert("L")]


# -- threads --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(4))
def test_one_picture_from_eight_threads(
    pictures: list[Image.Image], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pictures[number]
    decodes = []
    decode = codec.decode
    monkeypatch.setattr(codec, "decode", lambda *a: decodes.append(1) or decode(*a))
    for _ in range(3):
        barrier = threading.Barrier(8)

        def read(picture: Image.Image, barrier: threading.Barrier = barrier) -> bytes:
            barrier.wait()
            return picture.convert("RGBA").tobytes() + picture.tobytes()

        file = io.BytesIO(saved(source, effort=1))
        with Image.open(file) as picture, ThreadPoolExecutor(8) as pool:
            found = set(pool.map(read, [picture] * 8))
        assert found == {source.convert("RGBA").tobytes() + source.tobytes()}
    assert len(decodes) == 3


@pytest.mark.parametrize("mode", ["lossless", "decolorized"])
def test_many_threads_encode_and_decode_equal_bytes(pictures: list[Image.Image], mode: str) -> None:
    todo = [p for p in pictures if mode == "lossless" or p.mode in ("RGB", "L")] * 4

    def there_and_back(picture: Image.Image) -> bytes:
        data = saved(picture, mode=mode, **({"effort": 1} if mode == "lossless" else {}))
        with Image.open(io.BytesIO(data)) as found:
            assert found.tobytes() == picture.tobytes()
        return data

    alone = [there_and_back(picture) for picture in todo[: len(todo) // 4]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(there_and_back, todo))
    assert together == alone * 4


# -- options --------------------------------------------------------------------------------------


@pytest.fixture
def unchosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_chosen_threads", None)
    monkeypatch.setattr(execution, "_chosen_providers", None)
    monkeypatch.delenv(execution.THREADS_VARIABLE, raising=False)
    monkeypatch.delenv(execution.PROVIDERS_VARIABLE, raising=False)
    monkeypatch.setattr(networks, "_warned_of", set())


@pytest.mark.usefixtures("unchosen")
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity on this system")
def test_default_thread_count_is_the_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5})
    assert execution.threads() == 3


@pytest.mark.usefixtures("unchosen")
def _threads_told(results: Any) -> None:
    results.put((execution.threads(), threading.active_count()))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_has_one_thread(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many workers side by side would else start many threads each."""
    monkeypatch.delenv(execution.THREADS_VARIABLE, raising=False)
    monkeypatch.setattr(execution, "_chosen_threads", None)
    context = multiprocessing.get_context(method)
    results = context.Queue()
    worker = context.Process(target=_threads_told, args=(results,))
    worker.start()
    assert results.get(timeout=120)[0] == 1
    worker.join()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert execution.threads() == 3


def test_thread_count_of_environment_and_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILLOW_COLORGRID_THREADS", "5")
    assert execution.threads() == 5
    register_cgx_opener(threads=2)
    assert execution.threads() == 2
    register_cgx_opener()
    assert execution.threads() == 2


@pytest.mark.usefixtures("unchosen")
@pytest.mark.parametrize("value", ["0", "-1", "many", ""])
def test_bad_thread_count_of_environment(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILLOW_COLORGRID_THREADS", value)
    with pytest.raises(ValueError, match=f"PILLOW_COLORGRID_THREADS='{value}', allowed: integers"):
        execution.threads()


@pytest.mark.usefixtures("unchosen")
def test_bad_options() -> None:
    with pytest.raises(ValueError, match="threads=0, allowed: integers from 1"):
        register_cgx_opener(threads=0)
    with pytest.raises(ValueError, match="providers='CUDA', allowed: a list"):
        register_cgx_opener(providers="CUDA")


@pytest.mark.usefixtures("unchosen")
@pytest.mark.parametrize("how", ["option", "environment"])
def test_missing_provider_warns_once_and_the_cpu_computes(
    how: str, pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "option":
        register_cgx_opener(providers=["NoSuchExecutionProvider"])
    else:
        monkeypatch.setenv("PILLOW_COLORGRID_PROVIDERS", " NoSuchExecutionProvider, ")
    monkeypatch.setattr(networks, "_sessions", {})
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        data = saved(pictures[0], mode="decolorized")
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.tobytes() == pictures[0].tobytes()
    assert [str(one.message) for one in seen] == [
        "NoSuchExecutionProvider not available in this onnxruntime (it has "
        f"{', '.join(networks._import_onnxruntime().get_available_providers())}); "
        "the CPU computes instead"
    ]
    register_cgx_opener(providers=[])
    assert saved(pictures[0], mode="decolorized") == data


# -- children -------------------------------------------------------------------------------------

WORK = """
import io, os, sys, time
import pillow_colorgrid
from PIL import Image

def work(seed):
    picture = Image.effect_noise((64, 64), 1 + seed).convert("RGB")
    picture.paste(Image.radial_gradient("L").resize((40, 50)), (5, 5))
    for options in ({"mode": "decolorized"}, {"mode": "lossless", "effort": 1}):
        file = io.BytesIO()
        picture.save(file, "CGX", **options)
        with Image.open(file) as found:
            assert found.tobytes() == picture.tobytes()
    assert "onnxruntime" in sys.modules
    return seed

def ends_well(child):
    deadline = time.monotonic() + 40
    while not (done := os.waitpid(child, os.WNOHANG))[0]:
        assert time.monotonic() < deadline, os.kill(child, 9) or "a child hangs"
        time.sleep(0.01)
    assert done[1] == 0

"""


def run(tmp_path: Path, script: str, timeout_s: float = 100, **variables: str) -> str:
    """Run `script` as a file, with CI unset; it must end by itself, well, and in time."""
    path = tmp_path / "script.py"
    path.write_text(WORK + script)
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    environment.update(variables)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method: str, threads: str, tmp_path: Path) -> None:
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} on this system")
    script = f"""
import multiprocessing
if __name__ == "__main__":
    work(0)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        assert pool.map(work, range(4)) == [0, 1, 2, 3]
        pool.close()
        pool.join()
    work(9)
    print("well")
"""
    assert run(tmp_path, script, PILLOW_COLORGRID_THREADS=threads) == "well\n"


@HAS_FORK
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("before", [True, False], ids=["used before", "fresh"])
def test_plain_fork_with_normal_exit(before: bool, threads: str, tmp_path: Path) -> None:
    """The child ends as a script ends, with all of Python's and onnxruntime's clearing up."""
    script = f"""
if {before}:
    work(0)
children = []
for seed in range(3):
    child = os.fork()
    if child == 0:
        if seed:  # one child never touches what it inherited
            work(seed)
        sys.exit(0)
    children.append(child)
deadline = time.monotonic() + 60
for child in children:
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        assert time.monotonic() < deadline, "a child hangs"
        time.sleep(0.01)
    assert status == 0, status
work(5)
print("well")
"""
    assert run(tmp_path, script, PILLOW_COLORGRID_THREADS=threads) == "well\n"


@HAS_FORK
def test_fork_while_other_threads_encode(tmp_path: Path) -> None:
    script = """
import threading
work(0)
stop = threading.Event()
def busy():
    while not stop.is_set():
        work(1)
helper = threading.Thread(target=busy)
helper.start()
for seed in range(3):
    child = os.fork()
    if child == 0:
        work(seed)
        os._exit(0)
    ends_well(child)
stop.set()
helper.join()
print("well")
"""
    assert run(tmp_path, script) == "well\n"


@HAS_FORK
@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("opened", ["by name", "in memory"])
def test_fork_while_another_thread_loads_the_same_picture(
    opened: str, frames: int, tmp_path: Path
) -> None:
    """Both processes come to all pixels, wherever in its way the loading thread was."""
    first, *others = [photograph(name, 300, 200) for name in ("coffee", "astronaut")[:frames]]
    first.save(tmp_path / "picture.cgx", effort=1, save_all=True, append_images=others)
    script = f"""
import threading
path = {str(tmp_path / "picture.cgx")!r}
with Image.open(path) as picture:
    expected = picture.tobytes()  # networks are loaded
for delay_s in (0, 0, 0.001, 0.003, 0.01, 0.03, 0.1):
    source = path if {opened!r} == "by name" else io.BytesIO(open(path, "rb").read())
    picture = Image.open(source)
    helper = threading.Thread(target=picture.load, daemon=True)
    helper.start()
    time.sleep(delay_s)
    child = os.fork()
    if child == 0:
        os._exit(picture.tobytes() != expected)
    ends_well(child)
    helper.join()
    assert picture.tobytes() == expected
print("well")
"""
    assert run(tmp_path, script) == "well\n"


@HAS_FORK
def test_fork_while_another_thread_reads_the_file(tmp_path: Path) -> None:
    """The thread is held up in the middle of reading, with the file's own lock taken."""
    photograph("coffee", 60, 40).save(tmp_path / "picture.cgx", effort=1)
    script = f"""
import threading
from pillow_colorgrid import container
path = {str(tmp_path / "picture.cgx")!r}
with Image.open(path) as picture:
    expected = picture.tobytes()
reading, forked = threading.Event(), threading.Event()

class Slow(io.FileIO):
    def readinto(self, buffer):
        reading.set()
        forked.wait()
        return super().readinto(buffer)

picture = Image.open(path)
picture.fp = io.BufferedReader(Slow(path))
helper = threading.Thread(target=picture.load, daemon=True)
helper.start()
reading.wait()
child = os.fork()
if child == 0:
    os._exit(picture.tobytes() != expected)
ends_well(child)
forked.set()
helper.join()
assert picture.tobytes() == expected
print("well")
"""
    assert run(tmp_path, script) == "well\n"


APPLICATION = """
work(0)  # before the workers are forked

def application(environ, start_response):
    work(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"well"]
"""


@HAS_FORK
def test_gunicorn_with_preload_answers_and_exits_at_once(tmp_path: Path) -> None:
    (tmp_path / "application.py").write_text(WORK + APPLICATION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "--preload", "--workers", "2"]
    command += ["--bind", f"127.0.0.1:{port}", "--graceful-timeout", "20"]
    command += ["--no-control-socket", "application:application"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        assert answer(f"http://127.0.0.1:{port}/") == b"well", (tmp_path / "log").read_text()
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0, (tmp_path / "log").read_text()
        assert time.monotonic() - started < 10
    finally:
        server.kill()
        server.wait()


def answer(url: str) -> bytes:
    """What the server says once it is up."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                body: bytes = response.read()
                return body
        except OSError:
            if time.monotonic() > deadline:
                return b"no answer"
            time.sleep(0.1)
