"""A file or folder that fsspec finds by a URL (s3://, ...); the methods are those of `Local`."""

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath, PurePosixPath
from typing import IO, Any

from pillow_colorgrid.commands.local import FILE, ChangedError, Check, temporary_name
from pillow_colorgrid.commands.named import Named
from pillow_colorgrid.commands.seen import FileState


class MissingExtraError(ImportError):
    """A library that only some commands need is not installed; the message names the extra."""


def extra(name: str, needed: str) -> MissingExtraError:
    return MissingExtraError(f'{needed}: pip install "pillow_colorgrid[{name}]"')


@dataclass(frozen=True)
class Remote(Named):
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
    def _names(self) -> PurePosixPath:
        return PurePosixPath(self.url.split("://", 1)[1])

    def _at(self, path: PurePath) -> "Remote":
        return Remote(f"{self.url.split('://', 1)[0]}://{path}")

    def resolved(self) -> "Remote":
        return self._at(self._names)

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

    def entries(self) -> list[tuple[PurePosixPath, str]]:
        """As `Local.entries`; all are files."""
        return [(path, FILE) for path in self.files()]

    def open(self) -> IO[bytes]:
        system, path = self._there
        return BytesIO(system.cat_file(path))

    def read(self) -> tuple[bytes, FileState]:
        """All bytes, and what tells them from others."""
        with self.open() as file:
            data = file.read()
        return data, FileState.of_data(data)

    def settle(self) -> None:
        """Nothing: what the other side has acknowledged, it has."""

    def check(self, seen: FileState) -> None:
        """Raise ChangedError unless this file still holds what was `seen`; costs one read."""
        if not seen.is_still(self.read()[1]):
            raise ChangedError("it changed after it was read")

    def remove(self, seen: FileState) -> None:
        """As `Local.remove`."""
        self.check(seen)
        system, path = self._there
        system.rm_file(path)

    def write(
        self,
        data: bytes,
        check: Check | None = None,
        like: object = None,
        safely: bool = False,
        replace: bool = False,
    ) -> FileState:
        """As `Local.write`; costs one copy on the other side, or one more upload."""
        system, path = self._there
        system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        unfinished = str(PurePosixPath(path).with_name(temporary_name(self.suffix)))
        try:
            system.pipe_file(unfinished, data)
            if check:
                check(system.cat_file(unfinished))
            if replace:
                system.mv(unfinished, path)
            else:
                _publish(system, unfinished, path, data)
        except BaseException:
            with contextlib.suppress(Exception):
                system.rm_file(unfinished)
            raise
        return FileState.of_data(data)

    def remove_leftovers(self) -> None:
        """Nothing: another machine may be writing them."""


def _publish(system: Any, unfinished: str, path: str, data: bytes) -> None:
    """Give a file its name, unless there is one of that name (FileExistsError).

    Object stores refuse a second one themselves (If-None-Match) and show a file when it is whole.
    Others can only be asked first, which leaves a moment for somebody else.
    """
    taken = FileExistsError(f"{path} exists")
    if system.exists(path):
        raise taken
    if not (system.async_impl or system.protocol == "memory"):
        system.mv(unfinished, path)
        return
    try:
        system.pipe_file(path, data, mode="create")
    except Exception as error:
        system.invalidate_cache()
        if system.exists(path):
            raise taken from error
        raise
    system.rm_file(unfinished)
