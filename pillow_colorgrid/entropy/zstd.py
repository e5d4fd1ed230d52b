"""The one reader of zstd frames: it never allocates more than its caller can account for."""

import zstandard

from pillow_colorgrid.errors import DamagedError


def unpacked(data: bytes, size: int) -> bytes:
    """The `size` bytes that a frame holds.

    Raises:
        DamagedError: not zstd, or another size.
    """
    try:
        declared = zstandard.frame_content_size(data)
        if declared not in (size, -1):
            raise DamagedError(f"zstd data of {declared} bytes, needs {size}")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise DamagedError(f"zstd data damaged: {error}") from error
