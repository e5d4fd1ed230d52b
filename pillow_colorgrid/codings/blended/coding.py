"""The blended coding: samples of 16 bits, integers and floats, by linear predictors of their own.

Sections of a file::

    NETS  the frequency tables
    BPRE  which samples the numbers of the plane stand for, the predictors, and what scale each
          kind of pixel has
    BSAM  one rANS stream of all numbers, line by line

It suits noise better than networks that were trained on photographs do, and takes longer.
"""

import struct
from collections.abc import Sequence

import numpy as np
import zstandard

from pillow_colorgrid.codings.base import Encoded, Picture, only, require
from pillow_colorgrid.codings.blended.description import PREDICTORS, SAMPLES
from pillow_colorgrid.codings.blended.lines import TAPS, Lines
from pillow_colorgrid.codings.blended.prediction import BINS, Blend
from pillow_colorgrid.codings.blended.stream import MOST_SCALE, Decoder, lanes_of
from pillow_colorgrid.codings.deep.values import Values
from pillow_colorgrid.codings.lossless.coding import base_model
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.entropy.rans import StreamError
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Pixels

HEAD = struct.Struct("<BBH")
"""Begins the section: flags; how many stripes there are; how many bytes tell the samples. Behind
these one zstd frame: BINS scales, and the predictors."""

TRANSPOSED = 1
"""Flag: columns are coded as rows."""

LEAST_ROWS = 16
"""Stripes have no less, unless there is one."""

MOST_PREDICTORS = 32
"""It bounds what a decoder computes for each pixel; encoders find a third as many."""

PREDICTOR_BYTES = 2 * len(TAPS)
"""Each coefficient takes two."""

MOST_PIXELS = 2**24
"""Larger pictures would take minutes."""

ZSTD_LEVEL = 19
"""The best without a larger window; it packs a kilobyte."""


def pack_predictors(
    transposed: bool, stripes: int, values: Values, scales: np.ndarray, coefficients: np.ndarray
) -> bytes:
    """The payload of BPRE.

    Args:
        scales: (BINS,) uint8; coefficients: (predictors, len(TAPS)) int16.
    """
    told = values.pack()
    apart = coefficients.astype("<i2").view(np.uint8).reshape(-1, 2).T
    rest = scales.tobytes() + apart.tobytes()
    packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(rest)
    return HEAD.pack(transposed, stripes, len(told)) + told + packed


def unpack_predictors(data: bytes, mode: str) -> tuple[bool, int, Values, np.ndarray, np.ndarray]:
    """The inverse of `pack_predictors`. Raises DamagedError."""
    if len(data) < HEAD.size:
        raise DamagedError(f"predictors of {len(data)} bytes, needed {HEAD.size} at least")
    flags, stripes, size_bytes = HEAD.unpack_from(data)
    if flags & ~TRANSPOSED:
        raise DamagedError(f"flags {flags:#x} of blended samples, allowed 0 and {TRANSPOSED}")
    end = HEAD.size + size_bytes
    if end > len(data):
        raise DamagedError(f"samples of {size_bytes} bytes in a section of {len(data)}")
    values = Values.unpack(data[HEAD.size : end], mode)
    most = BINS + MOST_PREDICTORS * PREDICTOR_BYTES
    rest = zstd.unpacked_up_to(data[end:], most, stated=True, what="predictors")
    count, left = divmod(len(rest) - BINS, PREDICTOR_BYTES)
    if count < 1 or left:
        raise DamagedError(
            f"{len(rest)} bytes of scales and predictors, allowed {BINS} and 1 to "
            f"{MOST_PREDICTORS} times {PREDICTOR_BYTES}"
        )
    scales = np.frombuffer(rest, np.uint8, BINS)
    if scales.max() > MOST_SCALE:
        raise DamagedError(f"scale {scales.max()}, allowed 0 to {MOST_SCALE}")
    apart = np.frombuffer(rest, np.uint8, offset=BINS).reshape(2, -1)
    coefficients = np.ascontiguousarray(apart.T).view("<i2").reshape(count, len(TAPS))
    return bool(flags), stripes, values, scales, coefficients


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1) samples -> sections.

    Raises:
        ValueError: the picture is too large, has one value only, or too many.
    """
    from pillow_colorgrid.codings.blended.encoder import encoding

    height, width = picture.pixels.shape[:2]
    if height * width > MOST_PIXELS:
        raise ValueError(f"picture of {height * width} pixels, allowed {MOST_PIXELS} at most")
    encoded = encoding.encode(picture.pixels)
    if encoded is None:
        raise ValueError("a picture of one value, or of too many, is not for the blended coding")
    return encoded


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """Sections -> (H, W, 1) samples.

    Raises:
        TruncatedError: a section is missing.
        CgxError: a section is damaged, or tables are unknown.
    """
    require(sections, SAMPLES)
    transposed, stripes, values, scales, coefficients = unpack_predictors(
        only(sections, PREDICTORS), header.mode
    )
    width, height = header.size
    if width * height > MOST_PIXELS:
        raise DamagedError(f"picture of {width}x{height} pixels, allowed {MOST_PIXELS} at most")
    rows, columns = (width, height) if transposed else (height, width)
    if columns == 1 < rows:
        raise DamagedError(f"a column of {rows} rows, allowed: transposed")
    most = max(1, rows // LEAST_ROWS)
    if not 1 <= stripes <= most:
        raise DamagedError(f"{stripes} stripes of {rows} rows, allowed 1 to {most}")
    lines = Lines(rows, columns, stripes)
    frequencies = base_model(sections).frequencies
    try:
        decoder = Decoder(
            only(sections, SAMPLES), frequencies, lanes_of(height * width), scales, values.top
        )
        plane = Blend(lines, coefficients, values.top).all(decoder.told)
        decoder.finish()
    except StreamError as error:
        raise DamagedError(f"blended coding: {error}") from error
    return values.samples((plane.T if transposed else plane)[None], header.mode)
