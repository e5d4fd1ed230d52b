"""What a file was when it was read, so that it is told from what it has become since."""

import hashlib
import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class FileState:
    """A file as it was at one moment.

    Attributes:
        machine: whose numbers device and inode are; "" where a file has none (a URL).
        device, inode: which file it is, whatever its name.
        modified_ns: its time of modification, in ns; 0 where it has none.
        digest: BLAKE2b of its bytes.
    """

    machine: str
    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    digest: bytes

    @classmethod
    def of_file(cls, status: os.stat_result, data: bytes) -> "FileState":
        """A file of this machine, with its bytes."""
        return cls(
            socket.gethostname(),
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            digest(data),
        )

    @classmethod
    def of_data(cls, data: bytes) -> "FileState":
        """What has nothing but bytes."""
        return cls("", 0, 0, len(data), 0, digest(data))

    def is_still(self, other: "FileState") -> bool:
        """Whether `other` is the same file, unchanged.

        Machines that share a disk number its devices and files each in its own way.
        """
        if self.machine != other.machine:
            here = (self.size_bytes, self.modified_ns, self.digest)
            return here == (other.size_bytes, other.modified_ns, other.digest)
        return self == other


def digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()
