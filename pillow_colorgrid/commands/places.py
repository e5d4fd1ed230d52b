"""Where pictures are: a file of this machine, or what fsspec finds by a URL (s3://, ...).

`Local` and `Remote` have the same methods. Both write under a hidden temporary name, read what was
written, and only then give it its name: nobody ever sees half a file.
"""

import contextlib
import importlib
import itertools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

Check = Callable[[bytes], None]
"""Raises unless these are the bytes of a right file."""

TEMPORARY = ".cgx-part-"
"""Begins the names of unfinished files: then host, process, number. Short, for long names' sake."""

_numbers = itertools.count()


class MissingExtraError(ImportError):
    """A library that only some commands need is not installed; the message names the extra."""


def extra(name: str, needed: str) -> MissingExtraError:
    return MissingExtraError(f'{needed}: pip install "pillow_colorgrid[{name}]"')


def temporary_name(suffix: str) -> str:
    return f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-{next(_numbers)}{suffix}"


@dataclass(frozen=True)
class Local:
    """A file or folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    @property
    def folder(self) -> "Local":
        return Local(self.path.parent)

    def joined(self, relative: PurePosixPath) -> "Local":
        return Local(self.path / relative)

    def with_suffix(self, suffix: str) -> "Local":
        return Local(self.path.with_suffix(suffix))

    def resolved(self) -> "Local":
        """One name for one file, however it was spelled."""
        return Local(self.path.resolve())

    def is_file(self) -> bool:
        return self.path.is_file()

    def is_folder(self) -> bool:
        return self.path.is_dir()

    def exists(self) -> bool:
        return self.path.exists() or self.path.is_symlink()

    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def files(self) -> Iterator[PurePosixPath]:
        """All files below this folder, sorted."""
        for path in sorted(self.path.rglob("*")):
            if path.is_file():
                yield PurePosixPath(path.relative_to(self.path).as_posix())

    def open(self) -> IO[bytes]:
        return self.path.open("rb")

    def remove(self) -> None:
        self.path.unlink()

    def write(self, data: bytes, check: Check | None, like: "Place | None", safely: bool) -> None:
        """Write `data`, read it again, `check` it, give it the times of `like` and its name.

        Args:
            safely: wait until the disk has it; needed before an original is deleted.

        Raises:
            OSError: not everything could be written; nothing is left of it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(temporary_name(self.path.suffix))
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                if safely:
                    os.fsync(file.fileno())
            if check:
                check(unfinished.read_bytes())
            if isinstance(like, Local):
                shutil.copystat(like.path, unfinished)
            os.replace(unfinished, self.path)
        finally:
            unfinished.unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Remove unfinished files in this folder whose process on this machine is gone (killed)."""
        begin = f"{TEMPORARY}{socket.gethostname()}-"
        with contextlib.suppress(OSError):
            for path in self.path.glob(f"{TEMPORARY}*"):
                process = path.name.removeprefix(begin).split("-")[0]
                if path.name.startswith(begin) and process.isdecimal() and not _lives(int(process)):
                    path.unlink()


def _lives(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class Remote:
    """What fsspec finds under a URL. Modification times cannot be set there."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def _there(self) -> tuple[Any, str]:
        """The file system of fsspec (which keeps one for each kind) and the path in it."""
        try:
            core: Any = importlib.import_module("fsspec.core")
            found: tuple[Any, str] = core.url_to_fs(self.url)
        except ImportError as error:
            raise extra("remote", f"{self.url} needs fsspec ({error})") from error
        except ValueError as error:
            raise OSError(f"{self.url}: {error}") from error
        return found

    @property
    def _path(self) -> PurePosixPath:
        return PurePosixPath(self.url.split("://", 1)[1])

    @property
    def _protocol(self) -> str:
        return self.url.split("://", 1)[0]

    def _beside(self, path: PurePosixPath) -> "Remote":
        return Remote(f"{self._protocol}://{path}")

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def suffix(self) -> str:
        return self._path.suffix.lower()

    @property
    def folder(self) -> "Remote":
        return self._beside(self._path.parent)

    def joined(self, relative: PurePosixPath) -> "Remote":
        return self._beside(self._path / relative)

    def with_suffix(self, suffix: str) -> "Remote":
        return self._beside(self._path.with_suffix(suffix))

    def resolved(self) -> "Remote":
        return self._beside(self._path)

    def is_file(self) -> bool:
        system, path = self._there
        return bool(system.isfile(path))

    def is_folder(self) -> bool:
        system, path = self._there
        return bool(system.isdir(path))

    def exists(self) -> bool:
        system, path = self._there
        return bool(system.exists(path))

    def size_bytes(self) -> int:
        system, path = self._there
        return int(system.size(path))

    def files(self) -> Iterator[PurePosixPath]:
        """All files below this folder, sorted."""
        system, path = self._there
        for found in sorted(system.find(path)):
            yield PurePosixPath(found).relative_to(path)

    def open(self) -> IO[bytes]:
        system, path = self._there
        return BytesIO(system.cat_file(path))

    def remove(self) -> None:
        system, path = self._there
        system.rm_file(path)

    def write(self, data: bytes, check: Check | None, like: "Place | None", safely: bool) -> None:
        """As `Local.write`; costs one copy on the other side."""
        system, path = self._there
        system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        unfinished = str(PurePosixPath(path).with_name(temporary_name(self.suffix)))
        try:
            system.pipe_file(unfinished, data)
            if check:
                check(system.cat_file(unfinished))
            system.mv(unfinished, path)
        except BaseException:
            with contextlib.suppress(Exception):
                system.rm_file(unfinished)
            raise

    def remove_leftovers(self) -> None:
        """Nothing: another machine may be writing them."""


Place = Local | Remote


def at(text: str | os.PathLike[str]) -> Place:
    """The place that a user names, by a path or a URL."""
    text = os.fspath(text)
    protocol, found, rest = text.partition("://")
    if not found:
        return Local(Path(text))
    return Local(Path(rest)) if protocol in ("file", "local") else Remote(text)
