"""cgx convert from and to URLs: memory, and an S3 server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pillow_colorgrid.commands.cli import main
from pillow_colorgrid.commands.places import Local, Remote, at
from tests.conftest import noise

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory() -> Iterator[object]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def png(seed: int) -> bytes:
    data = BytesIO()
    noise("RGB", (20, 14), seed).save(data, "PNG")
    return data.getvalue()


def test_places_are_told_from_their_names(tmp_path: Path) -> None:
    assert at("a/b.png") == Local(Path("a/b.png"))
    assert at(f"file://{tmp_path}") == Local(tmp_path)
    assert at("s3://bucket/x.PNG") == Remote("s3://bucket/x.PNG")
    assert at("s3://bucket/x.PNG").suffix == ".png"
    assert str(at("s3://bucket/x.PNG").with_suffix(".cgx")) == "s3://bucket/x.cgx"


def test_memory_there_and_back(memory, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        memory.pipe_file(f"/in/deep/{number}.png", png(number))
    command = ["convert", "memory://in", "-o", "memory://out"]
    assert main(command) == 0
    assert sorted(memory.find("/out")) == [f"/out/in/deep/{number}.cgx" for number in range(3)]
    assert main(command) == 0
    assert "0 converted, 3 skipped" in capsys.readouterr().out
    assert main(["verify", "memory://out", "--deep"]) == 0
    assert main(["convert", "memory://out", "-o", str(tmp_path), "--to", "png"]) == 0
    with Image.open(tmp_path / "out" / "in" / "deep" / "1.png") as image:
        assert image.tobytes() == noise("RGB", (20, 14), 1).tobytes()


def test_memory_bad_files_and_originals(memory, capsys: pytest.CaptureFixture[str]) -> None:
    memory.pipe_file("/in/good.png", png(1))
    memory.pipe_file("/in/bad.png", b"no picture")
    assert main(["convert", "memory://in", "-o", "memory://out", "--delete-originals"]) == 1
    said = capsys.readouterr()
    assert "memory://in/bad.png: not a picture" in said.err
    assert sorted(memory.find("/")) == ["/in/bad.png", "/out/in/good.cgx"]


def test_a_write_that_fails_leaves_nothing_there(
    memory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    memory.pipe_file("/in/a.png", png(1))
    # What is read again is not what was written.
    monkeypatch.setattr(type(memory), "cat_file", _damaging(type(memory).cat_file))
    assert main(["convert", "memory://in", "-o", "memory://out"]) == 1
    assert memory.find("/out") == []
    assert "memory://in/a.png: " in capsys.readouterr().err


def _damaging(read):
    def damaged(self, path, *arguments, **keywords):
        data = read(self, path, *arguments, **keywords)
        return data[:-20] if path.endswith(".cgx") else data

    return damaged


def test_unknown_protocols_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "nowhere://x/y.png"]) == 1
    assert "Protocol not known: nowhere" in capsys.readouterr().err


@pytest.fixture
def s3() -> Iterator[dict[str, str]]:
    """The environment in which s3:// means a server of this machine."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert time.monotonic() < end
        assert server.poll() is None
        time.sleep(0.1)
    yield {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    server.kill()
    server.wait()


FILL = """
import sys, fsspec
system = fsspec.filesystem("s3")
system.mkdir("source-bucket"); system.mkdir("target-bucket")
for path in sys.argv[1:]:
    system.put_file(path, "source-bucket/trip/" + path.rsplit("/")[-1])
"""


def test_s3_with_two_processes(s3: dict[str, str], tmp_path: Path) -> None:
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.png"))
        Path(paths[-1]).write_bytes(png(number))

    def python(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=s3, capture_output=True, text=True, check=False)

    filled = python("-c", FILL, *paths)
    assert filled.returncode == 0, filled.stderr
    convert = (
        "-m",
        "pillow_colorgrid",
        "convert",
        "s3://source-bucket/trip",
        "-o",
        "s3://target-bucket",
    )
    done = python(*convert, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "3 converted, 0 skipped, 0 failed" in done.stdout
    again = python(*convert)
    assert "0 converted, 3 skipped, 0 failed" in again.stdout, again.stderr
    listed = python("-c", "import fsspec; print(fsspec.filesystem('s3').find('target-bucket'))")
    assert listed.stdout.strip() == str([f"target-bucket/trip/{number}.cgx" for number in range(3)])
