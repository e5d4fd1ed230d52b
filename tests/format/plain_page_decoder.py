"""Sections 3.4.1 and 3.4.2 of FORMAT.md by a second decoder: rectangles and gradients.

Rectangles of the lossless coding are those of `plain_decoder`, of the jpeg coding those of
`plain_jpeg_decoder`. It shares no code with the package.
"""

import io
import struct
import zlib

import zstandard

from tests.format import plain_decoder, plain_jpeg_decoder
from tests.format.plain_frames_decoder import CHANNELS, sections_at, stored

END = b"CEND" + struct.pack("<II", 0, zlib.crc32(b"CEND" + bytes(4)))


def decode(data):
    """The bytes of a file of coding 1, without parts -> (H, W, channels) uint8."""
    assert data[10] == 1
    mode = data[11]
    width, height = struct.unpack_from("<II", data, 16)
    sections = list(sections_at(data, 36))
    gradients = sections.pop(0)[1] if sections[0][0] == b"GRAD" else None
    (_, payload, _), *others = sections
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
    if gradients is not None:
        assert data[9] >= 1
        paint(gradients, pixels)
    return pixels


PATTERN = """
     0 48 12 60  3 51 15 63
    32 16 44 28 35 19 47 31
     8 56  4 52 11 59  7 55
    40 24 36 20 43 27 39 23
     2 50 14 62  1 49 13 61
    34 18 46 30 33 17 45 29
    10 58  6 54  9 57  5 53
    42 26 38 22 41 25 37 21
"""


def paint(payload, pixels):
    """Gradients over a marked picture, pixel by pixel."""
    pattern = [[int(number) for number in line.split()] for line in PATTERN.split("\n")[1:-1]]
    height, width, channels = pixels.shape
    source = io.BytesIO(payload)

    def take(form):
        return struct.unpack(form, source.read(struct.calcsize(form)))

    def places(count):
        runs = [take("<HB") for _ in range(take("<H")[0])]
        assert runs[0][0] == 0
        shift = {}
        for first, shifted in runs:
            shift.update((place, shifted) for place in range(first, count))
        return [(place + shift[place]) % 8 for place in range(count)]

    columns = places(width)
    rows = places(height)
    gradients = []
    for _ in range(take("<B")[0]):
        (kind,) = take("<B")
        marker = take(f"<{channels}B")
        gradients.append((kind, marker, [take("<qqq") for _ in range(channels)]))
    across = -(-width // 8)
    rest = source.read()
    shaded = zstandard.ZstdDecompressor().decompress(rest) if rest else bytes(width * height)
    for y in range(height):
        for x in range(width):
            number = shaded[y // 8 * across + x // 8]
            here = tuple(pixels[y, x].tolist())
            for k, (kind, marker, planes) in enumerate(gradients, 1):
                if number != k and (number or here != marker):
                    continue
                added = 2**26 * pattern[rows[y]][columns[x]] if kind else 0
                for channel, (start, right, down) in enumerate(planes):
                    value = (start + right * x + down * y + added) >> 32
                    value = min(max(value, 0), 255)
                    pixels[y, x, channel] = (here[channel] - marker[channel] + value) % 256
                break
