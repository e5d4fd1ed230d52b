"""Modes L, RGB and RGBA: lossless or stored, and never much larger than WebP.

What may be a page with photographs is tried as such first (`pages`). What is plainly a drawing is
stored without asking the networks (`looks`).

Of all others WebP, the quick form of the stored coding, is tried beside the networks; so no file is
more than 64 bytes larger than lossless WebP of the same pixels (method 4, quality 80, exact). Of a
photograph it is estimated first how large WebP's file is at least: where that is more than what the
networks made, WebP is left (`webp`). One look does touch that promise: efforts 1 to 3 do not try
WebP on what is plainly a photograph, because that takes as long as their small networks.
"""

import logging

from pillow_colorgrid.codings.base import Coding, Encoded, Picture
from pillow_colorgrid.codings.choosing import pages, webp
from pillow_colorgrid.codings.choosing.looks import PHOTOGRAPH, is_drawing
from pillow_colorgrid.codings.choosing.subject import Subject
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.codings.stored.encoder.page import Page
from pillow_colorgrid.container import size_bytes

logger = logging.getLogger(__name__)

ALWAYS_EFFORT = 4
"""From here on WebP is always tried."""

ALWAYS_PIXELS = 2**18
"""Up to here it is at any effort: it costs less than a tenth of a second."""

NOISY_BITS = 10 / 3
"""Above so many bits for each value it is, too: noise makes all codings equal."""

NEAR = 1.3
"""Stored at its best makes transparent drawings that much smaller than at once."""


def encode(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smallest of a page, of what the networks make, and of what is stored."""
    subject = Subject(picture, options)
    page = pages.as_page(subject)
    if page is not None and pages.is_clear(subject, page):
        return STORED, page.encoded
    coding, encoded = _as_one(subject, page)
    if page is not None and size_bytes(page.encoded.sections) < size_bytes(encoded.sections):
        return STORED, page.encoded
    return coding, encoded


def _as_one(subject: Subject, page: Page | None) -> tuple[Coding, Encoded]:
    """By the networks, or stored, all of it, where that can be smaller than the page."""
    picture, options, share = subject.picture, subject.options, subject.share
    if is_drawing(picture.pixels, share):
        logger.debug("stored: a drawing, of which a fast compressor leaves %.1f %%", 100 * share)
        if page is None:
            return STORED, stored.encode(picture, options)
        return STORED, _at_its_best(subject, page)
    rival, encoded = _rivals(subject)
    found = size_bytes(encoded.sections)
    if rival is None:
        logger.debug("lossless: a photograph, %d bytes", found)
        return LOSSLESS, encoded
    other = size_bytes(rival.sections)
    at_its_best = picture.mode == "RGBA" and found <= other < NEAR * found
    if at_its_best:
        rival = stored.improved(picture, rival, options)
        other = size_bytes(rival.sections)
    stores = other < found
    logger.debug(
        "%s: %d bytes by the networks, %d stored", ("lossless", "stored")[stores], found, other
    )
    if not stores:
        return LOSSLESS, encoded
    return STORED, rival if at_its_best else _at_its_best(subject, page)


def _rivals(subject: Subject) -> tuple[Encoded | None, Encoded]:
    """What WebP makes of it, None where it cannot win, and what the networks do."""
    pixels = subject.picture.pixels
    small = pixels.shape[0] * pixels.shape[1] <= ALWAYS_PIXELS
    if subject.options.effort >= ALWAYS_EFFORT or small or subject.share < PHOTOGRAPH:
        return webp.beside_networks(subject)
    encoded = lossless.encode(subject.picture, subject.options)
    found = size_bytes(encoded.sections)
    noisy = 8 * found > NOISY_BITS * pixels.size
    return (webp.after_networks(subject, found) if noisy else None), encoded


def _at_its_best(subject: Subject, page: Page | None) -> Encoded:
    """Stored; no better than at once where the page is smaller all the same."""
    if page is not None and pages.beats_stored(subject, page):
        return subject.quick()
    return stored.improved(subject.picture, subject.quick(), subject.options)
