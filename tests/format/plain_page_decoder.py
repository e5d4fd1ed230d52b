"""Section 3.4.1 of FORMAT.md by a second decoder: a stored picture and its rectangles.

Rectangles of the lossless coding are those of `plain_decoder`, of the jpeg coding those of
`plain_jpeg_decoder`. It shares no code with the package.
"""

import struct
import zlib

from tests.format import plain_decoder, plain_jpeg_decoder
from tests.format.plain_frames_decoder import CHANNELS, sections_at, stored

END = b"CEND" + struct.pack("<II", 0, zlib.crc32(b"CEND" + bytes(4)))


def decode(data):
    """The bytes of a file of coding 1, without parts -> (H, W, channels) uint8."""
    assert data[10] == 1
    mode = data[11]
    width, height = struct.unpack_from("<II", data, 16)
    (_, payload, _), *others = sections_at(data, 36)
    pixels = stored(payload, width, height, CHANNELS[mode]).copy()
    for name, rectangle, _ in others:
        assert name == b"RECT"
        assert data[9] >= 1
        left, top, across, down, coding = struct.unpack_from("<HHHHB", rectangle)
        head = data[:10] + bytes([coding, mode]) + bytes(4) + struct.pack("<II", across, down)
        head += bytes(8)
        file = head + struct.pack("<I", zlib.crc32(head)) + rectangle[9:] + END
        if coding == 3:
            shown = plain_decoder.decode(file)
        else:
            assert coding == 6
            shown, _ = plain_jpeg_decoder.decode(file)
        pixels[top : top + down, left : left + across] = shown
    return pixels
