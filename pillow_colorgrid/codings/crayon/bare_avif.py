"""Grey AVIF files without what is the same in all of them: 264 bytes less.

Between 0.15 and 0.6 bits per pixel these would be 1 to 4 % of a file of Kodak's size. All that
differs is the size of the picture, how AV1 was set (`av1C`), and the coded picture.

Source: ISO/IEC 23000-22 and 14496-12 for the boxes; as libavif 1.x orders them.
"""

import struct

from pillow_colorgrid.errors import DamagedError

HEAD = bytes.fromhex(
    "0000001c 66747970 61766966 00000000 61766966 6d696631 6d696166"  # ftyp: avif, mif1, miaf
    "000000e9 6d657461 00000000"  # meta
    "00000021 68646c72 00000000 00000000 70696374 00000000 00000000 00000000 00"  # hdlr: pict
    "0000000e 7069746d 00000000 0001"  # pitm: item 1
    "0000001e 696c6f63 00000000 4400 0001 0001 0000 0001 0000010d 00000000"  # iloc: where it is
    "00000028 69696e66 00000000 0001"  # iinf
    "0000001a 696e6665 02000000 0001 0000 61763031 436f6c6f7200"  # infe: av01, "Color"
    "00000068 69707270 00000049 6970636f"  # iprp, ipco
    "00000014 69737065 00000000 00000000 00000000"  # ispe: width, height
    "0000000e 70697869 00000000 0108"  # pixi: one channel of 8 bits
    "0000000c 61763143 00000000"  # av1C
    "00000013 636f6c72 6e636c78 0001 000d 0006 80"  # colr: nclx, sRGB, full range
    "00000017 69706d61 00000000 00000001 0001 04 01028304"  # ipma
    "00000000 6d646174"  # mdat
)
"""What comes before the coded picture; zeros where files differ."""

LENGTH, SIZE, AV1, MDAT = (
    HEAD.index(name) + after
    for name, after in ((b"iinf", -8), (b"ispe", 8), (b"av1C", 4), (b"mdat", -4))
)
"""Where the length of the coded picture is told, width and height, the setting of AV1, and 8 more
than that length."""

AV1_BYTES = 4
"""The setting: profile, level, subsampling."""

MDAT_HEAD = 8

SEQUENCE = bytes.fromhex("12 00 0a")
"""How the coded picture begins: an empty temporal delimiter, then a sequence header."""


def bare(file: bytes, width: int, height: int) -> bytes | None:
    """The setting and the coded picture of a file; None if not all else is as in HEAD."""
    found = file[AV1 : AV1 + AV1_BYTES] + file[len(HEAD) :]
    if coded_size(found[AV1_BYTES:]) != (width, height) or whole(found, width, height) != file:
        return None
    return found


def whole(data: bytes, width: int, height: int) -> bytes:
    """The file of what `bare` took out of it. Raises DamagedError: it is not of this size."""
    coded = data[AV1_BYTES:]
    size = coded_size(coded)
    if size != (width, height):
        # libavif would scale it
        raise DamagedError(f"luminance as AV1 is {size or 'no picture'}, needs {(width, height)}")
    file = bytearray(HEAD)
    struct.pack_into(">I", file, LENGTH, len(coded))
    struct.pack_into(">II", file, SIZE, width, height)
    file[AV1 : AV1 + AV1_BYTES] = data[:AV1_BYTES]
    struct.pack_into(">I", file, MDAT, len(coded) + MDAT_HEAD)
    return bytes(file) + coded


def coded_size(coded: bytes) -> tuple[int, int] | None:
    """(width, height) of a coded picture; None if it is no still picture with a reduced header.

    Source: AV1 Bitstream & Decoding Process Specification, 5.5.1 (sequence_header_obu).
    """
    at = len(SEQUENCE)
    if coded[:at] != SEQUENCE:
        return None
    length = coded[at : at + 1]
    header = coded[at + 1 : at + 1 + length[0]] if length else b""
    bits = "".join(f"{byte:08b}" for byte in header)
    # profile 3, still 1, reduced 1, level 5, bits of the width 4, of the height 4
    if len(bits) < 18 or bits[3:5] != "11":
        return None
    width_end = 18 + int(bits[10:14], 2) + 1
    height_end = width_end + int(bits[14:18], 2) + 1
    if height_end > len(bits):
        return None
    return int(bits[18:width_end], 2) + 1, int(bits[width_end:height_end], 2) + 1
