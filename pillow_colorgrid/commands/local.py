"""A file or folder of this machine: never half a file, never one in the place of another.

A file is written under a hidden name that nobody can guess, read again, and only then given its
name, by a link: which fails where that name is taken, whoever took it and when.
"""

import contextlib
import errno
import os
import secrets
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

from pillow_colorgrid.commands.named import Named
from pillow_colorgrid.commands.seen import FileState

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Check = Callable[[bytes], None]
"""Raises unless these are the bytes of a right file."""

TEMPORARY = ".cgx-part-"
"""Begins the names of unfinished files: then host, process, random digits. Short, for long names'
sake."""

FILE, LINK, SPECIAL, UNREADABLE = "file", "link", "special file", "unreadable folder"
"""What stands in a folder."""

NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
"""Neither an existing file nor a link is opened."""


class ChangedError(OSError):
    """A file is no longer what it was when it was read."""


def temporary_name(suffix: str) -> str:
    return f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}{suffix}"


@dataclass(frozen=True)
class Local(Named):
    """A file or folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def _names(self) -> Path:
        return self.path

    def _at(self, path: PurePath) -> "Local":
        return Local(Path(path))

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

    def entries(self) -> list[tuple[PurePosixPath, str]]:
        """Everything below this folder but folders, sorted, each with its kind; links are told, not
        followed."""
        found: list[tuple[PurePosixPath, str]] = []

        def add(path: str, kind: str) -> None:
            found.append((PurePosixPath(Path(path).relative_to(self.path).as_posix()), kind))

        def unreadable(error: OSError) -> None:
            add(str(error.filename), UNREADABLE)

        for folder, folders, names in os.walk(self.path, onerror=unreadable):
            for name in folders:
                if os.path.islink(os.path.join(folder, name)):
                    add(os.path.join(folder, name), LINK)
            for name in names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                kinds = {stat.S_IFLNK: LINK, stat.S_IFREG: FILE}
                add(path, kinds.get(stat.S_IFMT(status.st_mode), SPECIAL))
        return sorted(found)

    def open(self) -> IO[bytes]:
        return self.path.open("rb")

    def read(self) -> tuple[bytes, FileState]:
        """All bytes, and what file it is."""
        with self.path.open("rb") as file:
            data = file.read()
            return data, FileState.of_file(os.fstat(file.fileno()), data)

    # -- writing ------------------------------------------------------------------------------

    def write(
        self,
        data: bytes,
        check: Check | None = None,
        like: object = None,
        safely: bool = False,
        replace: bool = False,
    ) -> FileState:
        """Write `data`, read it again, `check` it, give it the times of `like` and its name.

        Args:
            safely: wait until the disk has file and name; needed before an original is deleted.
            replace: take the place of a file of this name.

        Raises:
            FileExistsError: there is a file of this name, and it is not to be replaced.
            OSError: not everything could be written; nothing is left of it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(temporary_name(self.path.suffix))
        with open(os.open(unfinished, NEW_FILE, 0o666), "w+b") as file:
            try:
                file.write(data)
                file.flush()
                if safely:
                    os.fsync(file.fileno())
                if check:
                    file.seek(0)
                    check(file.read())
                if isinstance(like, Local):
                    shutil.copystat(like.path, unfinished)
                written = FileState.of_file(os.fstat(file.fileno()), data)
                if os.name == "nt":  # where an open file cannot be renamed
                    file.close()
                if replace:
                    os.replace(unfinished, self.path)
                else:
                    _publish(unfinished, self.path)
            finally:
                unfinished.unlink(missing_ok=True)
        if safely:
            self.folder.settle_folder()
        return written

    def settle_folder(self) -> None:
        """Wait until the disk has the names in this folder, and the folders above it."""
        for number, folder in enumerate((self.path.resolve(), *self.path.resolve().parents)):
            try:
                _sync_folder(folder)
            except PermissionError:
                if number == 0:
                    raise
                return  # made by somebody else, long ago

    def settle(self) -> None:
        """Wait until the disk has this file and its name."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.folder.settle_folder()

    # -- removing -----------------------------------------------------------------------------

    def remove(self, seen: FileState) -> None:
        """Remove this file if it still is what was `seen`.

        Raises:
            ChangedError: it is another file, or was written to; it stays.
        """
        self.check(seen)
        self.path.unlink()

    def check(self, seen: FileState) -> None:
        """Raise ChangedError unless this file still is what was `seen`."""
        if self.path.is_symlink():
            raise ChangedError("it is a link; what it points to is not touched")
        _, now = self.read()
        # Once more after reading, which may take a while: a write leaves a new time.
        status = os.lstat(self.path)
        unmoved = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if not seen.is_still(now) or unmoved != (
            now.device,
            now.inode,
            now.size_bytes,
            now.modified_ns,
        ):
            raise ChangedError("it changed after it was read")

    def remove_leftovers(self) -> None:
        """Remove unfinished files in this folder whose process on this machine is gone (killed)."""
        begin = f"{TEMPORARY}{socket.gethostname()}-"
        with contextlib.suppress(OSError):
            for path in self.path.glob(f"{TEMPORARY}*"):
                process = path.name.removeprefix(begin).split("-")[0]
                if path.name.startswith(begin) and process.isdecimal() and not _lives(int(process)):
                    path.unlink()


def _publish(unfinished: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name (FileExistsError)."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without links: FAT, some network folders
        if os.name == "nt":
            os.rename(unfinished, path)  # there it never replaces
            return
        os.close(os.open(path, NEW_FILE, 0o666))  # takes the name
        try:
            os.replace(unfinished, path)
        except BaseException:
            path.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # where folders cannot be opened
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a disk that has no such thing
            raise
    finally:
        os.close(number)


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


@contextlib.contextmanager
def locked(*folders: object) -> Iterator[None]:
    """Within, no other cgx process of this machine removes files of these folders.

    One that turns a.cgx into a.png and one that turns a.png into a.cgx would each find the other's
    source done, and both would remove their own.
    """
    with contextlib.ExitStack() as stack:
        paths = {folder.path.resolve() for folder in folders if isinstance(folder, Local)}
        # All in one order, so that none waits for another in a circle.
        for path in sorted(paths) if fcntl is not None else ():
            number = os.open(path, os.O_RDONLY)
            stack.callback(os.close, number)
            with contextlib.suppress(OSError):  # a disk without locks
                fcntl.flock(number, fcntl.LOCK_EX)
        yield
