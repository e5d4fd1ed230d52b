"""The one reader of zstd frames: never more than its caller can account for, nothing behind it."""

import zstandard

from pillow_colorgrid.errors import DamagedError


def unpacked(data: bytes, size: int) -> bytes:
    """The `size` bytes that a frame holds.

    Raises:
        DamagedError: not one zstd frame, or another size.
    """
    found = unpacked_up_to(data, size)
    if len(found) != size:
        raise DamagedError(f"zstd data of {len(found)} bytes, needs {size}")
    return found


def unpacked_up_to(
    data: bytes, largest: int, stated: bool = True, what: str = "zstd data", allowed: str = ""
) -> bytes:
    """What a frame holds.

    Args:
        largest: bytes that are allowed; no more than that is ever set aside.
        stated: the frame must state its size, as all do but those of adaptations.
        what: it is, for the message.
        allowed: likewise; default: `largest`.

    Raises:
        DamagedError: not one zstd frame, or more in it than allowed.
    """
    try:
        size = zstandard.frame_content_size(data)
        if size > largest or (stated and size < 0):
            raise DamagedError(
                f"{what} of {size} bytes (-1: not stated), "
                f"allowed {allowed or f'{largest} at most'}"
            )
        return zstandard.ZstdDecompressor().decompress(
            data, max_output_size=largest, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise DamagedError(f"{what} damaged: {error}") from error
