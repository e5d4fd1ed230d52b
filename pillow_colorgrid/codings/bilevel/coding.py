"""The bilevel coding of mode 1: scans of text, drawings, dithered pictures.

A section: flags, how many stripes, then one rANS stream of a single lane. Of each line (`stripes`)
first the pixels around which all is of one colour, most of a page, are told many at once; then the
others, each by what the model knows.
"""

import struct
from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture, only, require
from pillow_colorgrid.codings.bilevel.description import PAGE
from pillow_colorgrid.codings.bilevel.model import Model
from pillow_colorgrid.codings.bilevel.stripes import MOST_LINE, Stripes
from pillow_colorgrid.codings.bilevel.surroundings import ALL, Surroundings
from pillow_colorgrid.codings.bits import Code, Recorder, decoding
from pillow_colorgrid.codings.flats import Flats
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Pixels

WHITE = 255

HEAD = struct.Struct("<BB")
"""Begins the section: flags, how many stripes there are."""

BLACK, TRANSPOSED = 1, 2
"""Flags: white pixels are 0, black ones 1; columns are coded as rows."""

MOST_PIXELS = 2**26
"""Larger pages would take minutes."""

STRIPE_PIXELS, STRIPE_ROWS, MOST_STRIPES = 2**17, 64, 8
"""Encoders make a stripe for so many pixels, but none of fewer rows, up to so many. Of pages for
development eight took 1.2 % more bytes than four."""

WIDE = 2
"""Pages that are more than so many times as wide as high are transposed: lines are fewer."""

_ALL = np.uint64(ALL)


def _walk(stripes: Stripes, code: Code, known: np.ndarray | None) -> np.ndarray:
    """Code all pixels: (h, w) uint8; `known`, if they are."""
    surroundings, model, flats = Surroundings(stripes), Model(), Flats(2, code)
    empty = np.zeros((stripes.height, stripes.width), np.uint8)
    flat = stripes.spread(empty if known is None else known)
    for line in stripes:
        around = surroundings.of(line)
        wanted = None if known is None else flat.take(line.places)
        ones = around == _ALL
        alike = (around == 0) | ones
        bits = ones.view(np.uint8)
        told = alike.nonzero()[0]
        if len(told):
            theirs = bits.take(told)
            differ = None if wanted is None else wanted.take(told) != theirs
            bits[told[flats.surprises(theirs + 1, differ)]] ^= 1
        asked = (~alike).nonzero()[0]
        if len(asked):
            told_of = model.told(around.take(asked))
            answers = code(told_of.likely, None if wanted is None else wanted.take(asked))
            model.mixer.learn(told_of, answers)
            bits[asked] = answers
        flat[line.places] = bits
        surroundings.add(line, bits)
    return stripes.gathered(flat)


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1) samples of mode 1 -> one section.

    Raises:
        ValueError: the page is too large.
    """
    pixels = picture.pixels[..., 0]
    if pixels.size > MOST_PIXELS:
        raise ValueError(f"page of {pixels.size} pixels, allowed {MOST_PIXELS} at most")
    white = pixels == WHITE
    black = bool(white.mean() > 0.5)
    page = (white != black).view(np.uint8)
    transposed = page.shape[1] > WIDE * page.shape[0]
    page = page.T if transposed else page
    height, width = page.shape
    count = max(1, min(-(-page.size // STRIPE_PIXELS), height // STRIPE_ROWS, MOST_STRIPES))
    recorder = Recorder()
    _walk(Stripes(height, width, count), recorder.code, page)
    head = HEAD.pack(BLACK * black | TRANSPOSED * transposed, count)
    return Encoded([PAGE.section(head + recorder.finish())])


def decode(
    header: Header, sections: Sequence[Section], partial: bool = False, interval: int = 1
) -> Pixels:
    """The section -> (H, W, 1) samples of mode 1.

    Raises:
        TruncatedError: the section is missing.
        DamagedError: the section holds what the format does not allow.
    """
    require(sections, PAGE)
    data = only(sections, PAGE)
    width, height = header.size
    if width * height > MOST_PIXELS:
        raise DamagedError(f"page of {width}x{height} pixels, allowed {MOST_PIXELS} at most")
    if len(data) < HEAD.size:
        raise DamagedError(f"page of {len(data)} bytes, needed {HEAD.size} at least")
    flags, count = HEAD.unpack_from(data)
    if flags & ~(BLACK | TRANSPOSED):
        raise DamagedError(f"flags {flags:#x} of a page, allowed 0 to 3")
    shape = (width, height) if flags & TRANSPOSED else (height, width)
    if not 1 <= count <= shape[0]:
        raise DamagedError(f"{count} stripes of {shape[0]} rows, allowed 1 to {shape[0]}")
    stripes = Stripes(*shape, count)
    if stripes.longest_line() > MOST_LINE:
        raise DamagedError(
            f"{count} stripes make lines of {stripes.longest_line()} pixels, "
            f"allowed {MOST_LINE} at most"
        )
    with decoding(data[HEAD.size :], "bilevel") as code:
        page = _walk(stripes, code, None)
    white = (page.T if flags & TRANSPOSED else page) != (flags & BLACK)
    pixels: Pixels = (white * np.uint8(WHITE))[..., None]
    return pixels
