"""``cgx install-desktop``: file managers and file(1) learn what .cgx is, and unlearn it.

What is installed lies in ``share/`` of the package; it goes below $XDG_DATA_HOME (~/.local/share).
"""

import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

from pillow_colorgrid.commands.places import Local
from pillow_colorgrid.commands.terminal import complain, say

FILES = {
    "cgx.xml": "mime/packages/cgx.xml",
    "cgx.thumbnailer": "thumbnailers/cgx.thumbnailer",
    "cgx.magic": "cgx/cgx.magic",
}
"""File of ``share/`` -> where it goes, below the data folder."""

UPDATER = "update-mime-database"
"""Of the package shared-mime-info; makes the type known from the XML file."""


def data_folder() -> Path:
    """$XDG_DATA_HOME, or its default."""
    given = os.environ.get("XDG_DATA_HOME", "")
    return Path(given) if os.path.isabs(given) else Path.home() / ".local" / "share"


def install() -> int:
    """Write the files and update the MIME database; the exit status."""
    folder = data_folder()
    for name, place in FILES.items():
        data = (resources.files("pillow_colorgrid") / "share" / name).read_bytes()
        if name == "cgx.thumbnailer":
            data = data.replace(b"cgx thumbnail", _command().encode() + b" thumbnail")
            data = data.replace(b"TryExec=cgx", b"TryExec=" + _command().encode())
        Local(folder / place).write(data, replace=True)
        say(folder / place)
    return _update(folder)


def _command() -> str:
    """The cgx of this environment, which need not be in the PATH of the desktop."""
    beside = Path(sys.executable).parent / "cgx"
    return str(beside) if beside.exists() and " " not in str(beside) else "cgx"


def uninstall() -> int:
    """Remove the files and update the MIME database; the exit status."""
    folder = data_folder()
    for place in FILES.values():
        if (folder / place).exists():
            (folder / place).unlink()
            say(f"removed {folder / place}")
    own = folder / "cgx"
    if own.is_dir() and not any(own.iterdir()):
        own.rmdir()
    return _update(folder)


def _update(folder: Path) -> int:
    """Status 1 where the MIME database could not be updated."""
    if not (folder / "mime" / "packages").is_dir():
        return 0
    if not shutil.which(UPDATER):
        complain(f"{UPDATER} is not here (package shared-mime-info); log in again")
        return 1
    command = [UPDATER, str(folder / "mime")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        complain(f"{UPDATER}: {done.stderr.strip()}")
    return 1 if done.returncode else 0
