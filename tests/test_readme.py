"""The README's own blocks of code run, each as it stands, in a folder with small pictures."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import photograph

ROOT = Path(__file__).parent.parent

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

PROMPT = "$ "


def blocks() -> list[tuple[str, str]]:
    """(language, text) of each, in their order."""
    return BLOCK.findall((ROOT / "README.md").read_text("utf-8"))


def python_blocks() -> list[str]:
    return [text for language, text in blocks() if language == "python"]


def shell_blocks() -> list[str]:
    """Commands; of a session what was typed."""
    found = [text for language, text in blocks() if language == "sh"]
    for language, text in blocks():
        if not language:
            lines = [line.removeprefix(PROMPT) for line in text.splitlines() if PROMPT in line[:2]]
            found.append("\n".join(lines))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the README takes to be there: a photograph, JPEG files, a folder of a holiday."""
    picture = photograph("coffee", 72, 48)
    picture.save(tmp_path / "photo.png")
    picture.save(tmp_path / "a.jpg", quality=80)
    for name in ("photos", "holiday"):
        (tmp_path / name).mkdir()
    picture.save(tmp_path / "photos" / "one.jpg", quality=75)
    picture.save(tmp_path / "holiday" / "beach.png")
    commands = tmp_path / "bin"
    commands.mkdir()
    cgx = commands / "cgx"
    cgx.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pillow_colorgrid "$@"\n')
    cgx.chmod(0o755)
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def python(text: str, folder: Path) -> None:
    run([sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", text], folder)


def shell(text: str, folder: Path) -> str:
    return run(["sh", "-e", "-c", text], folder)


def test_all_blocks_are_known() -> None:
    languages = [language for language, _ in blocks()]
    assert set(languages) == {"python", "sh", ""}
    assert len(python_blocks()) >= 3
    assert len(shell_blocks()) >= 3
    assert all(text.strip() for text in [*python_blocks(), *shell_blocks()])


def test_what_make_is_asked_for_is_there() -> None:
    """`make demo` and `make test` themselves run elsewhere; they make an environment."""
    asked = re.findall(r"^ *make ([\w-]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {"demo", "test"} <= set(asked)
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(asked) <= set(targets)


@pytest.mark.parametrize("number", range(len(python_blocks())))
def test_python_blocks_run(number: int, folder: Path) -> None:
    text = python_blocks()[number]
    if "jpeg_bytes" in text:
        python(
            "import pillow_colorgrid; from PIL import Image; Image.open('a.jpg').save('a.cgx')",
            folder,
        )
        text += "\nassert data == open('a.jpg', 'rb').read()"
    python(text, folder)


@pytest.mark.skipif(os.name == "nt", reason="the commands are for a POSIX shell")
@pytest.mark.parametrize("number", range(len(shell_blocks())))
def test_shell_blocks_run(number: int, folder: Path) -> None:
    lines = shell_blocks()[number].splitlines()
    text = "\n".join(line for line in lines if not line.startswith("make "))
    original = (folder / "photos" / "one.jpg").read_bytes()
    shell(text, folder)
    if "--to jpg" in text:
        assert (folder / "photos" / "one.jpg").read_bytes() == original
        assert len(list((folder / "archive").rglob("*.cgx"))) == 1
