"""The bilevel coding of mode 1: scans of text, drawings, dithered pictures.

A section: which colour is 0, then one rANS stream of a single lane. Line by line (`templates`)
the model predicts all pixels; those that are sure, most of a page, take one symbol together.
"""

from collections.abc import Sequence

import numpy as np

from pillow_colorgrid.codings.base import Encoded, Picture, only, require
from pillow_colorgrid.codings.bilevel.description import PAGE
from pillow_colorgrid.codings.bilevel.model import Model
from pillow_colorgrid.codings.bilevel.surprising import Surprising
from pillow_colorgrid.codings.bilevel.templates import AHEAD, Rows, steps
from pillow_colorgrid.codings.bits import Code, Recorder, decoding
from pillow_colorgrid.codings.lossless.description import Options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import Pixels

WHITE = 255

MOST_PIXELS = 2**26
"""Larger pages would take minutes."""


def _walk(page: np.ndarray, code: Code, known: bool) -> None:
    """Code all pixels of `page` (h, w) uint8; a decoder's are filled in."""
    height, width = page.shape
    rows, model, coder = Rows(height), Model(), Surprising(code)
    flat = page.reshape(-1)
    for first, end, start in steps(height, width):
        of_rows = np.arange(first, end)
        places = of_rows * (width - AHEAD) + start
        likely = model.predict(rows.contexts(first, end))
        bits = coder.bits(likely, flat[places] if known else None)
        flat[places] = bits
        model.learn(bits)
        rows.add(first, end, bits)


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, 1) samples of mode 1 -> one section.

    Raises:
        ValueError: the page is too large.
    """
    pixels = picture.pixels[..., 0]
    if pixels.size > MOST_PIXELS:
        raise ValueError(f"page of {pixels.size} pixels, allowed {MOST_PIXELS} at most")
    white = pixels == WHITE
    background = bool(white.mean() > 0.5)
    recorder = Recorder()
    _walk((white != background).view(np.uint8), recorder.code, known=True)
    return Encoded([PAGE.section(bytes([background]) + recorder.finish())])


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
    if data[:1] not in (b"\0", b"\1"):
        raise DamagedError(f"background {data[:1].hex()}, allowed 0 and 1")
    page = np.zeros((height, width), np.uint8)
    with decoding(data[1:], "bilevel") as code:
        _walk(page, code, known=False)
    white = page != data[0]
    pixels: Pixels = (white * np.uint8(WHITE))[..., None]
    return pixels
