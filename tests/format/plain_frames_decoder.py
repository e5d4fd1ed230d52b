"""Section 6 of FORMAT.md by a second decoder: index, frames, patches.

Pictures of the lossless and the jpeg coding are those of the other plain decoders; WebP is
Pillow's; of the planes coding only what one strip of bytes needs is here. It shares no code with
the package.
"""

import hashlib
import io
import struct
import zlib

import numpy as np
import zstandard
from PIL import Image

from tests.format import plain_decoder, plain_jpeg_decoder

CHANNELS = {2: 1, 3: 2, 4: 1, 6: 3, 8: 4}
METADATA = (b"PLTE", b"trns")


def sections_at(data, position, end=None):
    """Sections until CEND, or until `end`: (type, payload, offset)."""
    while position != end:
        name, length, _ = struct.unpack_from("<4sII", data, position)
        if name == b"CEND":
            return
        yield name, data[position + 12 : position + 12 + length], position
        position += 12 + length


class Numbers:
    """Varints."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        number, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    def duration(self, before):
        code = self.varint()
        if code == 2:
            return struct.unpack("<d", self.take(8))[0]
        return {0: before, 1: None}.get(code, code - 3)


def index_of(payload, mode, width, height):
    """6.1: bytes of frame 0, loop, default image, entries as dictionaries."""
    numbers = Numbers(payload)
    (flags,) = numbers.take(1)
    loop, first, count = numbers.varint(), numbers.varint(), numbers.varint()
    shape = mode, width, height
    entries = [{"duration": numbers.duration(None), "shape": shape, "base": None, "metadata": 0}]
    entries[0]["length"] = 0
    for number in range(1, count):
        entry = {"duration": numbers.duration(entries[-1]["duration"])}
        base, metadata = numbers.varint(), numbers.varint()
        entry["base"] = number - base if base else None
        entry["metadata"] = entries[number - metadata]["metadata"] if metadata else number
        mode = numbers.varint()
        if mode:
            shape = mode, numbers.varint(), numbers.varint()
        entry["shape"], entry["length"] = shape, numbers.varint()
        entries.append(entry)
    assert numbers.at == len(payload)
    return first, loop - 1 if loop else None, flags, entries


def stored(payload, width, height, channels):
    """3.4, one inner picture by WebP, bare or not, or zstd (3.2)."""
    if payload[0] == 5:
        told = (width - 1) + (height - 1 << 14) + (1 << 28) * (channels == 4)
        data = b"\x2f" + struct.pack("<I", told) + payload[1:]
        even = data + bytes(len(data) % 2)
        head = struct.pack("<4sI4s4sI", b"RIFF", 12 + len(even), b"WEBP", b"VP8L", len(data))
        payload = b"\2" + head + even
    if payload[0] == 2:
        shown = Image.open(io.BytesIO(payload[1:]))
        pixels = np.asarray(shown.convert("RGBA" if channels == 4 else "RGB"))
        return pixels[..., 1:2] if channels == 1 else pixels
    assert payload[0] == 3
    filters = payload[1 : 1 + channels]
    raw = zstandard.ZstdDecompressor().decompress(payload[1 + channels :])
    planes = np.frombuffer(raw, np.uint8).reshape(channels, height, width)
    planes = [unfiltered(plane, way) for plane, way in zip(planes, filters, strict=True)]
    if channels == 1:
        return planes[0][..., None]
    y, co, cg = planes[0], planes[1] - np.uint8(128), planes[2] - np.uint8(128)
    t = y - half(cg)
    green, blue = cg + t, t - half(co)
    return np.stack([blue + co, green, blue, *planes[3:]], axis=2)


def half(plane):
    return (plane.view(np.int8) >> 1).view(np.uint8)


def unfiltered(plane, way):
    if way in (1, 3):
        plane = np.cumsum(plane, axis=1, dtype=np.uint8)
    return np.cumsum(plane, axis=0, dtype=np.uint8) if way in (2, 3) else plane


def planes(payload, width, height, channels):
    """3.5, one strip of bytes without bits."""
    ways = payload[4 : 4 + channels]
    raw = zstandard.ZstdDecompressor().decompress(payload[4 + channels :])
    found = []
    for way, plane in zip(
        ways, np.frombuffer(raw, np.uint8).reshape(channels, height, width), strict=True
    ):
        assert way < 8
        plane = unfiltered(plane, way & 3)
        found.append(plane + found[-1] if way & 4 else plane)
    return np.stack(found, axis=2)


def picture(coding, shape, sections, files):
    """Pixels; the JPEG file that the picture gives back, if it does, is put behind `files`."""
    mode, width, height = shape
    if coding == 1:
        return stored(dict(sections)[b"STOR"], width, height, CHANNELS[mode])
    if coding == 5:
        return planes(dict(sections)[b"PLAN"], width, height, CHANNELS[mode])
    assert coding in (3, 6)
    file = still(coding, shape, sections)
    if coding == 3:
        return plain_decoder.decode(file)
    pixels, jpeg = plain_jpeg_decoder.decode(file)
    files.append(jpeg)
    return pixels


def still(coding, shape, sections):
    """A file of one picture, whose checksum is not stated."""
    head = b"\x89CGX\r\n\x1a\n\1\1" + bytes([coding, shape[0]]) + bytes(4)
    head += struct.pack("<II", *shape[1:]) + bytes(8)
    parts = [head + struct.pack("<I", zlib.crc32(head))]
    for name, payload in (*sections, (b"CEND", b"")):
        told = struct.pack("<4sI", name, len(payload))
        parts += [told, struct.pack("<I", zlib.crc32(told + payload)), payload]
    return b"".join(parts)


def through_palette(indices, mode, metadata):
    """6.3: a base of mode P."""
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    kind, *colors = metadata[b"PLTE"]
    channels = 3 + kind
    colors = np.array(colors, np.uint8).reshape(-1, channels)
    table[: len(colors), :channels] = colors
    if b"trns" in metadata:
        kind, rest = metadata[b"trns"][0], metadata[b"trns"][1:]
        if kind == 0:
            table[struct.unpack("<i", rest)[0], 3] = 0
        elif kind == 2:
            table[: len(rest), 3] = list(rest)
    return table[indices[..., 0], : CHANNELS[mode]]


def patched(base, mode, frame):
    shown = base.copy()
    for name, patch, _ in frame:
        assert name == b"PTCH"
        kind, left, top, width, height = struct.unpack_from("<BHHHH", patch)
        place = slice(top, top + height), slice(left, left + width)
        if kind == 2:
            x, y = struct.unpack_from("<HH", patch, 9)
            shown[place] = base[y : y + height, x : x + width]
            continue
        inside = [(n, p) for n, p, _ in sections_at(patch, 10, len(patch))]
        pixels = picture(patch[9], (mode, width, height), inside, [])
        shown[place] = pixels if kind == 0 else shown[place] + pixels - np.uint8(128)
    return shown


def decode(data):
    """A file -> frames: (pixels (H, W, C), mode, duration); loop; default image; the MPO file."""
    coding, mode, checksum = data[10], data[11], data[24:32]
    width, height = struct.unpack_from("<II", data, 16)
    assert data[9] >= 1
    sections = list(sections_at(data, 36))
    of_frame = [{n: p for n, p, _ in sections if n in METADATA}]
    ((payload, at),) = [(p, at) for n, p, at in sections if n == b"ANIM"]
    first, loop, flags, entries = index_of(payload, mode, width, height)
    files = []
    position = at + 12 + len(payload)
    own = [(n, p) for n, p, _ in sections_at(data, position, position + first)]
    frames = [picture(coding, (mode, width, height), own, files)]
    checksums = [checksum]
    position += first
    for number, entry in enumerate(entries[1:], 1):
        of_frame.append({})
        mode, width, height = entry["shape"]
        base = entry["base"]
        if not entry["length"]:
            frames.append(frames[base])
            checksums.append(checksums[base])
            continue
        name, length, _ = struct.unpack_from("<4sII", data, position)
        assert (name, length) == (b"FRAM", entry["length"])
        frame = data[position + 12 : position + 12 + length]
        position += 12 + length
        checksums.append(frame[:8])
        inside = list(sections_at(frame, 9, length))
        critical = [s for s in inside if s[0][:1].isupper() and s[0] != b"PLTE"]
        of_frame[-1] = {n: p for n, p, _ in inside if n in METADATA}
        assert (number == entry["metadata"]) or not of_frame[-1]
        if base is None:
            shape = entry["shape"]
            frames.append(picture(frame[8], shape, [(n, p) for n, p, _ in critical], files))
            continue
        assert frame[8] == 0
        below = frames[base]
        if entries[base]["shape"][0] != mode:
            below = through_palette(below, mode, of_frame[entries[base]["metadata"]])
        frames.append(patched(below, mode, critical))
    for pixels, stated in zip(frames, checksums, strict=True):
        assert hashlib.blake2b(pixels.tobytes(), digest_size=8).digest() == stated
    told = [(p, e["shape"][0], e["duration"]) for p, e in zip(frames, entries, strict=True)]
    if flags & 2:
        assert len(files) == len(frames)
        assert None not in files
    return told, loop, bool(flags & 1), b"".join(files) if flags & 2 else None
