"""Nothing is lost when two work at once: real processes, stopped at the worst moment.

`sitecustomize` of the processes listens to Python's audit events: what it does at "os.link" happens
between the comparison of a target and its getting a name.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pillow_colorgrid.commands import local
from pillow_colorgrid.commands.places import ChangedError, Local
from tests.conftest import noise

ALWAYS = ("--keep-larger",)
"""The pictures are small."""

LISTEN = """
import os, sys, time
def at(event, work):
    def hook(found, arguments):
        if found == event and arguments[0] is not None:
            work(*arguments)
    sys.addaudithook(hook)
"""

MEET = """
def meet(source, *_):
    mine = os.path.join({folder!r}, "at-" + str(os.getpid()))
    open(mine, "w").close()
    end = time.monotonic() + 60
    while len([n for n in os.listdir({folder!r}) if n.startswith("at-")]) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
at({event!r}, meet)
"""
"""Each of two processes waits until the other is there, too."""


def start(
    site: Path, hook: str, *arguments: str | Path, listen: str = LISTEN
) -> subprocess.Popen[str]:
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(listen + hook)
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "pillow_colorgrid", "convert", *ALWAYS, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def run(site: Path, hook: str, *arguments: str | Path) -> tuple[int, str, str]:
    process = start(site, hook, *arguments)
    said, complained = process.communicate(timeout=120)
    return process.returncode, said, complained


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.tobytes()


def test_two_sources_of_one_target_both_survive(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    one, other = noise("RGB", (20, 14), 1), noise("RGB", (20, 14), 2)
    one.save(album / "a.png")
    other.save(album / "a.bmp")
    meeting = MEET.format(folder=str(tmp_path), event="os.link")
    processes = [
        start(tmp_path / "site", meeting, album / name, "--delete-originals")
        for name in ("a.png", "a.bmp")
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 1], said
    assert "a.cgx exists and holds another picture" in said[0][1] + said[1][1]
    assert len(list(album.iterdir())) == 2
    assert {pixels(path) for path in album.iterdir()} == {one.tobytes(), other.tobytes()}


def test_there_and_back_at_once_leaves_one(tmp_path: Path) -> None:
    """a.cgx is made of a.png, and a.png of a.cgx; each finds its target done."""
    album = tmp_path / "album"
    album.mkdir()
    noise("L", (20, 14), 1).save(album / "a.png")
    noise("L", (20, 14), 1).save(album / "a.cgx")
    meeting = MEET.format(folder=str(tmp_path), event="fcntl.flock")
    processes = [
        start(tmp_path / "site", meeting, album / name, *more, "--delete-originals")
        for name, *more in (["a.png"], ["a.cgx", "--to", "png"])
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 1], said
    assert "the original stays" in said[0][1] + said[1][1]
    (left,) = album.iterdir()
    assert pixels(left) == noise("L", (20, 14), 1).tobytes()


CHANGES = {
    "written to": """
    with open({path!r}, "r+b") as file:
        file.seek(-3, 2)
        file.write(b"abc")
""",
    "written to, with its old time": """
    before = os.stat({path!r})
    with open({path!r}, "r+b") as file:
        file.seek(-3, 2)
        file.write(b"abc")
    os.utime({path!r}, ns=(before.st_atime_ns, before.st_mtime_ns))
""",
    "replaced by a copy, with its old time": """
    before = os.stat({path!r})
    with open({path!r}, "rb") as file, open({path!r} + "~", "wb") as copy:
        copy.write(file.read())
    os.utime({path!r} + "~", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace({path!r} + "~", {path!r})
""",
    "touched": """
    os.utime({path!r})
""",
    "replaced by a link": """
    os.rename({path!r}, {path!r} + "~")
    os.symlink({path!r} + "~", {path!r})
""",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_source_that_changed_meanwhile_stays(tmp_path: Path, change: str) -> None:
    source = tmp_path / "a.bmp"
    noise("RGB", (20, 14)).save(source)
    os.utime(source, (10**9, 10**9))
    body = CHANGES[change].format(path=str(source))
    hook = f"def change(*_):{body}\nat('os.link', change)\n"
    status, said, complained = run(tmp_path / "site", hook, source, "--delete-originals")
    assert status == 1, said
    assert "a.bmp: converted, but the original stays: it " in complained
    assert source.exists()


def test_a_target_that_goes_before_its_source_does_keeps_the_source(tmp_path: Path) -> None:
    source = tmp_path / "a.bmp"
    noise("RGB", (20, 14)).save(source)
    hook = f"at('fcntl.flock', lambda *_: os.path.exists({str(tmp_path / 'a.cgx')!r}) and "
    hook += f"os.unlink({str(tmp_path / 'a.cgx')!r}))\n"
    status, _, complained = run(tmp_path / "site", hook, source, "--delete-originals")
    assert status == 1
    assert "the original stays" in complained
    assert source.exists()


@pytest.mark.parametrize("taken", [False, True])
def test_disks_without_links(tmp_path: Path, taken: bool) -> None:
    """As FAT: os.link fails; the name is taken by an exclusive open instead."""
    source, target = tmp_path / "a.bmp", tmp_path / "a.cgx"
    noise("RGB", (20, 14)).save(source)
    body = f"    open({str(target)!r}, 'w').write('other')\n" if taken else ""
    hook = f"def fail(*_):\n{body}    raise PermissionError(1, 'no links')\nat('os.link', fail)\n"
    status, _, complained = run(tmp_path / "site", hook, source, "--delete-originals")
    assert status == int(taken), complained
    assert source.exists() == taken
    if taken:
        assert target.read_text() == "other"
    else:
        assert pixels(target) == noise("RGB", (20, 14)).tobytes()
    assert not list(tmp_path.glob(".cgx-part*"))


WATCH_SYNCS = """
import os, sys
log = open({log!r}, "a", buffering=1)
kind = lambda number: "folder" if os.path.isdir(f"/proc/self/fd/{{number}}") else "file"
fsync = os.fsync
def synced(number):
    fsync(number)
    print("synced", kind(number), os.readlink(f"/proc/self/fd/{{number}}"), file=log)
os.fsync = synced
def hook(event, arguments):
    if event == "os.link":
        print("linked", arguments[1], file=log)
    if event == "os.remove" and str(arguments[0]).endswith(".bmp"):
        print("removed", arguments[0], file=log)
sys.addaudithook(hook)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("before", ["", "done"])
def test_disk_has_file_and_names_before_the_original_goes(tmp_path: Path, before: str) -> None:
    source, out, log = tmp_path / "a.bmp", tmp_path / "new" / "out", tmp_path / "log"
    noise("RGB", (20, 14)).save(source)
    if before:
        assert run(tmp_path / "site", "", source, "-o", out)[0] == 0
    hook = WATCH_SYNCS.format(log=str(log))
    status, _, complained = run(tmp_path / "site", hook, source, "-o", out, "--delete-originals")
    assert status == 0, complained
    lines = log.read_text().splitlines()
    assert lines[-1] == f"removed {source}"
    assert lines.count(lines[-1]) == 1
    names = [f"synced folder {folder}" for folder in (out, out.parent, tmp_path)]
    if before:
        assert lines[0] == f"synced file {out / 'a.cgx'}"
    else:
        assert lines[0].startswith(f"synced file {out}/.cgx-part-")
        assert lines[1] == f"linked {out / 'a.cgx'}"
    assert [line for line in lines[2 - bool(before) :] if line in names][:3] == names


def test_temporary_names_cannot_be_guessed(tmp_path: Path) -> None:
    names = {local.temporary_name(".cgx") for _ in range(100)}
    assert len(names) == 100
    assert all(len(name.rsplit("-", 1)[1]) == len("0123456789abcdef.cgx") for name in names)


def test_a_link_in_the_place_of_a_temporary_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "guessed").symlink_to(victim)
    monkeypatch.setattr(local, "temporary_name", lambda suffix: "guessed")
    with pytest.raises(FileExistsError):
        Local(tmp_path / "a.cgx").write(b"data")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "a.cgx").exists()


def test_write_replaces_only_when_told(tmp_path: Path) -> None:
    place = Local(tmp_path / "a")
    seen = place.write(b"one")
    with pytest.raises(FileExistsError):
        place.write(b"other")
    assert place.read() == (b"one", seen)
    place.write(b"other", replace=True)
    assert place.read()[0] == b"other"
    with pytest.raises(ChangedError):
        place.remove(seen)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        Local(tmp_path / "dangling").write(b"data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "dangling"]
