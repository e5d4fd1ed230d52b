"""cgx install-desktop: what Debian's file and update-mime-database make of it."""

import shlex
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding
from pillow_colorgrid.commands import desktop
from pillow_colorgrid.commands.cli import main
from tests.conftest import noise

MAGIC = resources.files("pillow_colorgrid") / "share" / "cgx.magic"


def needs(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"no {program} here")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, with another program's file in it."""
    folder = tmp_path / "data"
    (folder / "thumbnailers").mkdir(parents=True)
    (folder / "thumbnailers" / "other.thumbnailer").write_text("[Thumbnailer Entry]\n")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "x.cgx"
    noise("RGB", (50, 40)).save(path, effort=1)
    return path


def said_by_file(*arguments: str | Path) -> str:
    needs("file")
    command = ["file", "--brief", "-m", str(MAGIC), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_file_tells_what_it_is(picture: Path) -> None:
    with picture.open("rb") as file:
        coding = registry.of(container.read_header(file)).name
    wanted = f"Colorgrid image data, version 1.0, 50 x 40, {coding}"
    assert said_by_file(picture) == wanted
    assert said_by_file("--mime-type", picture) == "image/x-cgx"
    assert said_by_file("--extension", picture) == "cgx"


@pytest.mark.parametrize("coding", [*registry.all_codings()], ids=lambda coding: coding.name)
def test_file_knows_every_coding(coding: Coding, tmp_path: Path) -> None:
    header = container.Header(coding.number, "RGB", (3, 2), bytes(8))
    (tmp_path / "x").write_bytes(container.pack(header, []))
    assert said_by_file(tmp_path / "x").endswith(f"3 x 2, {coding.name}")


def test_file_takes_nothing_else_for_it(tmp_path: Path) -> None:
    noise("RGB", (5, 5)).save(tmp_path / "x.png")
    assert "Colorgrid" not in said_by_file(tmp_path / "x.png")


def test_the_mime_type_is_installed_and_removed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs("update-mime-database")
    assert main(["install-desktop", "--user"]) == 0
    assert "image/x-cgx:*.cgx" in (home / "mime" / "globs").read_text()
    magic = (home / "mime" / "magic").read_bytes()
    assert b"image/x-cgx" in magic
    assert container.SIGNATURE in magic
    assert (home / "mime" / "image" / "x-cgx.xml").exists()
    assert main(["install-desktop", "--user"]) == 0
    assert main(["uninstall-desktop"]) == 0
    assert "image/x-cgx" not in (home / "mime" / "globs").read_text()
    left = [path.name for path in home.rglob("*cgx*")]
    assert left == []
    assert (home / "thumbnailers" / "other.thumbnailer").exists()
    assert main(["uninstall-desktop"]) == 0
    assert capsys.readouterr().err == ""


def test_the_thumbnailer_runs_as_a_desktop_runs_it(
    home: Path, picture: Path, tmp_path: Path
) -> None:
    needs("update-mime-database")
    assert main(["install-desktop", "--user"]) == 0
    entry = (home / "thumbnailers" / "cgx.thumbnailer").read_text()
    (line,) = (line for line in entry.splitlines() if line.startswith("Exec="))
    target = tmp_path / "0f3a"  # desktops ask for names without a suffix, and mean PNG
    filled = {"%s": "16", "%o": str(target), "%i": str(picture)}
    command = [filled.get(word, word) for word in shlex.split(line.removeprefix("Exec="))]
    needs(command[0])
    subprocess.run(command, check=True)
    with Image.open(target) as image:
        assert (image.format, image.size) == ("PNG", (16, 13))


def test_a_missing_program_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    assert main(["install-desktop", "--user"]) == 1
    assert "shared-mime-info" in capsys.readouterr().err


def test_no_flag_is_needed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop, "_update", lambda folder: 0)
    assert main(["install-desktop"]) == 0
    assert (home / "thumbnailers" / "cgx.thumbnailer").exists()
