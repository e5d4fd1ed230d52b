"""WebP, as the stored coding makes it at once, beside the networks; left where it cannot win."""

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.base import Encoded
from pillow_colorgrid.codings.choosing.looks import (
    PHOTOGRAPH,
    UNCLEAR,
    WEBP_SEES,
    WEBP_SEES_PIXELS,
    probe,
)
from pillow_colorgrid.codings.choosing.subject import Subject
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.stored.encoder.webp_size import LEAST_PIXELS, least_bytes
from pillow_colorgrid.container import size_bytes
from pillow_colorgrid.runtime import memory
from pillow_colorgrid.runtime.workers import of_this_picture

BESIDE_PIXELS = 2**24
"""For larger pictures WebP comes before the networks, not beside them: it needs 35 bytes of memory
for each pixel, and gives them back."""


def beside_networks(subject: Subject) -> tuple[Encoded | None, Encoded]:
    """What WebP and the lossless coding make of it, side by side if possible.

    Pillow's WebP does not hold Python's lock while it encodes. The former is None where an estimate
    tells that it cannot win.
    """
    picture, options = subject.picture, subject.options
    height, width = picture.pixels.shape[:2]
    beside = height * width <= BESIDE_PIXELS
    with of_this_picture() as workers:
        if not _estimated(subject):
            if not beside:
                return subject.quick(), lossless.encode(picture, options)
            coming = workers.begin(subject.quick)
            encoded = lossless.encode(picture, options)
            return coming.result(), encoded
        least = workers.begin(lambda: _least_bytes(subject))
        encoded = lossless.encode(picture, options)
        wins = least.result() > size_bytes(encoded.sections)
        return None if wins else _quick_afterwards(subject), encoded


def after_networks(subject: Subject, found: int) -> Encoded | None:
    """What WebP makes of it, once the networks made `found` bytes; None where it cannot win."""
    if _estimated(subject) and _least_bytes(subject) > found:
        return None
    return _quick_afterwards(subject)


def _quick_afterwards(subject: Subject) -> Encoded:
    """WebP after the networks; of a large picture not beside the memory that they have freed."""
    height, width = subject.picture.pixels.shape[:2]
    if height * width > BESIDE_PIXELS:
        memory.give_back()
    return subject.quick()


def _estimated(subject: Subject) -> bool:
    """Whether it looks like the pictures on which estimates were measured."""
    height, width = subject.picture.pixels.shape[:2]
    one_file = max(height, width) <= inner.WEBP_MAX_SIDE
    least_share = UNCLEAR if height * width >= LEAST_PIXELS else PHOTOGRAPH
    return subject.share >= least_share and subject.picture.mode == "RGB" and one_file


def _least_bytes(subject: Subject) -> float:
    pixels = subject.picture.pixels
    if pixels.shape[0] * pixels.shape[1] <= WEBP_SEES_PIXELS:
        return least_bytes(pixels, probe, subject.share)
    return least_bytes(pixels, probe, probe(pixels, WEBP_SEES))
