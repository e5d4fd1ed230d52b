"""The cgx command as a user runs it: another process, real files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pillow_colorgrid.version import __version__
from tests.conftest import PHOTOGRAPHS, noise, photograph


def cgx(*arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pillow_colorgrid", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_demo_of_ones_own_pictures(tmp_path: Path) -> None:
    noise("RGBA", (40, 30)).save(tmp_path / "mine.png")
    done = cgx("demo", PHOTOGRAPHS / "coffee.png", tmp_path / "mine.png")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 pictures saved" in done.stdout
    assert "every pixel equal" in done.stdout
    head, coffee, *_ = done.stdout.splitlines()
    assert "WebP bytes, bpp" in head
    assert coffee.startswith("coffee")


def test_demo_of_a_jpeg_file_compares_with_that_file(tmp_path: Path) -> None:
    photograph("coffee", 96, 80).save(tmp_path / "mine.jpg", quality=85)
    done = cgx("demo", tmp_path / "mine.jpg")
    assert done.returncode == 0, done.stderr
    assert "smaller than the JPEG files it was made of, and gives them back" in done.stdout
    assert "than PNG" not in done.stdout


def test_without_a_command_it_says_what_there_is() -> None:
    done = cgx()
    assert done.returncode == 2
    assert "convert" in done.stderr
    assert "examples:" in done.stderr


def test_demo_names_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("no picture")
    done = cgx("demo", tmp_path / "x.png")
    assert done.returncode == 1
    assert "x.png" in done.stderr


def test_info_tells_where_the_bytes_went(tmp_path: Path) -> None:
    path = tmp_path / "x.cgx"
    noise("RGB", (50, 40)).save(
        path, mode="decolorized", inner="zstd", predict="always", exif=b"Exif\0\0data"
    )
    done = cgx("info", path)
    assert done.returncode == 0, done.stderr
    assert f"50x40 RGB, coding decolorized (lossless), {path.stat().st_size:,} bytes" in done.stdout
    assert "network 1: a_decoder" in done.stdout
    lines = [line for line in done.stdout.splitlines() if " bytes " in line and "bpp" in line]
    total = sum(int(line.split(" bytes ")[0].split()[-1].replace(",", "")) for line in lines)
    assert total == path.stat().st_size


def test_info_tells_luminance_from_colour(tmp_path: Path) -> None:
    path = tmp_path / "x.cgx"
    photograph("coffee", 96, 80).save(path)
    done = cgx("info", "--json", path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["coding"] == "lossless"
    assert {"luminance", "colour", "preview luminance", "preview colour"} <= set(found["spent"])
    assert sum(found["spent"].values()) == found["size_bytes"] == path.stat().st_size
    assert 0 <= found["spent"]["entropy coder"] < 0.03 * path.stat().st_size


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"\x89CGX\r\n\x1a\n\1\0"])
def test_info_of_foreign_and_broken_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.cgx").write_bytes(content)
    done = cgx("info", tmp_path / "x.cgx", tmp_path / "missing.cgx")
    assert done.returncode == 1
    assert "missing.cgx" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help_need_no_numpy() -> None:
    code = (
        "import sys\n"
        "from pillow_colorgrid.commands.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'onnxruntime'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert __version__ in done.stdout
    assert "examples:" in cgx("--help").stdout


def test_the_picture_is_the_same_elsewhere(tmp_path: Path) -> None:
    image = noise("RGB", (33, 21))
    image.save(tmp_path / "x.cgx")
    code = (
        "import sys, pillow_colorgrid\nfrom PIL import Image\n"
        "sys.stdout.buffer.write(Image.open(sys.argv[1]).tobytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.cgx")], capture_output=True, check=True
    )
    assert Image.frombytes("RGB", (33, 21), done.stdout).tobytes() == image.tobytes()
