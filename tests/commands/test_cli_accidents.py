"""cgx convert when things go wrong: Ctrl-C, kill, a full disk, a disk that may not be written.

Real processes, real signals, real (small) disks.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import noise, photograph

COUNT = 8


def interruptible() -> None:
    """Shells make what they start in the background deaf to Ctrl-C; the tests may be."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(*arguments: str | Path, **options: object) -> subprocess.Popen:
    options.setdefault("preexec_fn", interruptible)
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Pictures that take a moment each."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(COUNT):
        picture = photograph("coffee", 140 + number, 100)
        picture.save(folder / f"{number:02}.png")
    return folder


def wait_for(pattern: str, folder: Path, process: subprocess.Popen) -> None:
    """Until the first target is there."""
    end = time.monotonic() + 60
    while not list(folder.rglob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


def assert_only_whole_files(folder: Path, album: Path) -> int:
    """Nothing but targets, all right in every pixel; how many."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        with Image.open(path) as image, Image.open(album / f"{path.stem}.png") as source:
            assert image.tobytes() == source.tobytes()
    return len(files)


def workers_of(process: subprocess.Popen) -> list[int]:
    """The processes that convert for `process`."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, line in lines.items() if b"spawn_main" in line]


@pytest.mark.parametrize(("jobs", "number"), [("1", signal.SIGTERM), ("2", signal.SIGINT)])
def test_stopped_leaves_whole_files_and_can_go_on(
    album: Path, tmp_path: Path, jobs: str, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = start(album, "-o", out, "--jobs", jobs, start_new_session=True)
    wait_for("[0-9]*.cgx", out, process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # a terminal sends it to all of them
    else:
        process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "stopped" in said
    assert "Traceback" not in said
    done = assert_only_whole_files(out, album)
    assert 1 <= done < COUNT
    again = start(album, "-o", out, "--jobs", jobs)
    counted, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert f"{COUNT - done} converted, {done} skipped" in counted
    assert assert_only_whole_files(out, album) == COUNT


def test_a_killed_worker_takes_no_picture_with_it(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(album, "-o", out, "--jobs", "2")
    wait_for("[0-9]*.cgx", out, process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    counted, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert assert_only_whole_files(out, album) == COUNT
    assert "0 failed" in counted


def test_what_killed_processes_left_is_removed(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "album").mkdir(parents=True)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = os.uname().nodename
    old = out / "album" / f".cgx-part-{host}-{gone.pid}-0.cgx"
    in_use = out / "album" / f".cgx-part-{host}-{os.getpid()}-0.cgx"
    elsewhere = out / "album" / f".cgx-part-elsewhere-{gone.pid}-0.cgx"
    for path in (old, in_use, elsewhere):
        path.write_bytes(b"half")
    process = start(album / "00.png", album, "-o", out)
    process.communicate(timeout=60)
    assert not old.exists()
    assert in_use.exists()
    assert elsewhere.exists()


def test_a_picture_that_kills_its_process_is_named(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is killed whenever it opens one certain file; all others are converted."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys, signal\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('03.png'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "if '--multiprocessing-fork' in sys.orig_argv: sys.addaudithook(watch)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    process = start(album, "-o", tmp_path / "out", "--jobs", "2", env=environment)
    counted, said = process.communicate(timeout=100)
    assert process.returncode == 1
    assert f"{COUNT - 1} converted, 0 skipped, 1 failed" in counted
    assert "03.png: its process was killed twice" in said


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A small disk in memory, where the machine lets us make one."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a tmpfs here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing(album: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "small", "size=64k") as out:
        process = start(album, "-o", out, "--delete-originals")
        counted, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "No space left on device" in said
        kept = len(list(album.glob("*.png")))
        done = len(list(out.rglob("*.cgx")))
        assert 1 <= done < COUNT
        assert kept + done == COUNT
        assert not list(out.rglob(".cgx-part*"))
        assert f"{done} converted, 0 skipped, {kept} failed" in counted


def test_a_file_that_may_not_grow_loses_nothing(album: Path, tmp_path: Path) -> None:
    """As a quota does, on machines where nothing can be mounted."""
    out = tmp_path / "out"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    process = start(album, "-o", out, preexec_fn=limit)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.count("File too large") == COUNT
    assert not [path for path in out.rglob("*") if path.is_file()]


def test_a_target_that_may_not_be_written(album: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "fixed", "ro") as out:
        process = start(album / "00.png", "-o", out)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Read-only file system" in said
        assert "Traceback" not in said


def test_a_target_folder_that_is_a_file(album: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("no folder")
    process = start(album / "00.png", "-o", tmp_path / "out")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "00.png: " in said
    assert "Traceback" not in said


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    pytest.importorskip("tqdm")
    import pty

    (tmp_path / "album").mkdir()
    for number in range(3):
        noise("RGB", (20, 20), number).save(tmp_path / "album" / f"{number}.bmp")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(tmp_path / "album")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = ""
    with contextlib.suppress(OSError):  # how Linux says that the other side has closed
        while data := os.read(ours, 10_000):
            shown += data.decode()
    os.close(ours)
    assert process.wait() == 0
    assert "3/3 [" in shown
    assert "MB saved" in shown
