"""No command hands control characters of a name or of a file's content to the terminal."""

import contextlib
import os
import shutil
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from pillow_colorgrid.commands import reference
from pillow_colorgrid.commands.terminal import printable
from tests.conftest import noise

EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\n\r\u202egnp"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢 🙂", "plain é 漢 🙂"),
        ("\x1b[31m\x7f\x9b", "\\x1b[31m\\x7f\\x9b"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\u202e\u2028", "\\u202e\\u2028"),
        (os.fsdecode(b"\xff\xe9"), "\\xff\\xe9"),
    ],
)
def test_what_is_not_visible_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def commands(folder: Path, good: Path, bad: Path, missing: Path) -> list[list[str | Path]]:
    """Each command in its good and bad days."""
    out = folder / f"out{EVIL}"
    return [
        *[["convert", path, "-o", out] for path in (good, bad, missing, folder / f"d{EVIL}")],
        ["convert", good.with_suffix(f".{EVIL}")],
        ["convert", good, f"--{EVIL}"],
        ["convert", good, "--to", EVIL],
        ["convert", f"{EVIL}://x"],
        *[["verify", path] for path in (good, bad, missing)],
        *[["info", path] for path in (good, bad, missing)],
        *[["info", "--json", path] for path in (good, bad)],
        *[["demo", path] for path in (good, bad)],
        *[["show", path] for path in (bad, missing)],
        *[["thumbnail", path, "-o", out / "t.png"] for path in (good, bad)],
        *[["trim", path, "-o", out / "t.cgx"] for path in (good, bad)],
        *[["diff", good, path] for path in (good, bad, missing)],
        *[["inspect", path, "-o", out / "r.html"] for path in (good, bad)],
        [EVIL],
    ]


def test_names_are_shown_harmless(tmp_path: Path) -> None:
    name = tmp_path / f"good{EVIL}"
    noise("RGB", (12, 12)).save(f"{name}.cgx")
    good, bad, missing = (tmp_path / f"{kind}{EVIL}.cgx" for kind in ("good", "bad", "missing"))
    shutil.copy(good, good.with_suffix(f".{EVIL}"))
    bad.write_bytes(good.read_bytes()[:-30])
    (tmp_path / f"d{EVIL}").mkdir()
    shutil.copy(good, tmp_path / f"d{EVIL}" / "x.cgx")
    runs = commands(tmp_path, good, bad, missing)
    # One process for all of them, as each would load the networks.
    code = (
        "import sys, contextlib\nfrom pillow_colorgrid.commands.cli import main\n"
        "for line in sys.stdin.read().split('\\0'):\n"
        "    with contextlib.suppress(SystemExit): main(line.split('\\1'))\n"
    )
    asked = "\0".join("\1".join(map(str, arguments)) for arguments in runs)
    done = subprocess.run(
        [sys.executable, "-c", code], input=asked.encode(), capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr
    for said in (done.stdout, done.stderr):
        text = said.decode()
        assert "owned" in text
        assert not [c for c in text.replace("\n", "") if not c.isprintable()]
        lines = text.splitlines()
        assert not [line for line in lines if line.startswith("gnp")]
    named = {str(arguments[0]) for arguments in runs}
    silent = {"install-desktop", "uninstall-desktop", "completion"}
    assert set(reference.commands()) - silent <= named


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    noise("L", (40, 40)).save(tmp_path / "x.png")
    for name in (b"caf\xe9.png", b"bad\xff.png"):
        shutil.copy(os.path.join(folder, b"x.png"), os.path.join(folder, name))
    (tmp_path / os.fsdecode(b"bad\xff.png")).write_bytes(b"")
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert b"bad\\xff.png: an empty file" in done.stderr
    assert os.path.exists(os.path.join(folder, b"caf\xe9.cgx"))


def test_the_progress_bar_shows_no_names(tmp_path: Path) -> None:
    pytest.importorskip("tqdm")
    import pty

    noise("L", (9, 9)).save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(tmp_path / "\x1b]0;owned\x07.png")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    command = [sys.executable, "-m", "pillow_colorgrid", "convert", str(tmp_path)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):
        while data := os.read(ours, 10_000):
            shown += data
    os.close(ours)
    assert process.wait() == 0
    assert b"owned" not in shown.split(b"\n")[0]
    assert b"\x07" not in shown
    assert b"\x1b]" not in shown
