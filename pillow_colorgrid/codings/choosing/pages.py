"""Is a picture a page, and is that page so small that nothing else need be tried?"""

import logging

import numpy as np

from pillow_colorgrid.codings.choosing.looks import PHOTOGRAPH, UNCLEAR, is_soft, networks_lose
from pillow_colorgrid.codings.choosing.subject import Subject
from pillow_colorgrid.codings.stored.encoder import finding, gradients, page as pages
from pillow_colorgrid.codings.stored.encoder.page import Page
from pillow_colorgrid.container import size_bytes

logger = logging.getLogger(__name__)

LEAST_TOLD = 0.1
"""What does not look like a page otherwise is one if gradients tell so much of its pixels. A
photograph's smooth sky has such, too, by chance; but they tell a twentieth of it at most."""

CLEAR_EFFORT, CLEAR_SHARE, CLEAR_WON = 6, 0.5, 0.92
"""Up to this effort, a page whose photographs cover no more of it than this share, and which is so
much smaller than WebP, is written without a look at what else there is. On pages for development
parts without photographs gained 6 % at most, and the networks never won there."""

SURELY_SMALLER = 0.99
"""A page has won over one stored picture where it is so much of what that is expected to be. Of
pages for development the whole, at its best, was 0.4 and 0.8 % larger than expected."""


def as_page(subject: Subject) -> Page | None:
    """The picture with its gradients and photographs apart, where it may be a page and has any.

    What is transparent in places is a sprite: alpha tells where it is.
    """
    picture, share = subject.picture, subject.share
    see_through = picture.mode == "RGBA" and np.ptp(picture.pixels[..., 3]) > 0
    if see_through:
        return None
    may_be = share < UNCLEAR or (share < PHOTOGRAPH and finding.is_page(picture.pixels))
    marked = gradients.find(picture.pixels, 0.0 if may_be else LEAST_TOLD)
    if marked is None and not may_be:
        return None
    return pages.encode(picture, subject.options, marked)


def is_clear(subject: Subject, page: Page) -> bool:
    """Whether a page is so small that nothing else need be tried."""
    if subject.options.effort > CLEAR_EFFORT:
        return False
    found, other = size_bytes(page.encoded.sections), subject.quick_bytes()
    logger.debug("page: %d bytes, as one WebP file %d", found, other)
    if page.share <= CLEAR_SHARE and found < CLEAR_WON * other:
        pixels = subject.picture.pixels
        # softly painted pictures have some, too, and are better told by the networks
        may_lose = page.doubtful or is_soft(pixels)
        return not may_lose or networks_lose(pixels, other / found)
    return beats_stored(subject, page) and networks_lose(page.around)


def beats_stored(subject: Subject, page: Page) -> bool:
    """Whether a page is surely smaller than the picture, stored at its best, will be.

    What is around the photographs gained is known; photographs gain less.
    """
    if subject.options.effort > CLEAR_EFFORT:
        return False
    at_its_best = page.gain * subject.quick_bytes()
    return size_bytes(page.encoded.sections) < SURELY_SMALLER * at_its_best
