"""Which exact coding? Photographs: lossless or stored, never much larger than WebP.

What may be a page with photographs is tried as such, too (`stored/encoder/page.py`).

Modes that WebP does not have go to the planes coding, or, where that is smaller, to lossless (CMYK
and the like), deep (one channel of more than 8 bits) or bilevel. What has at most 256 different
pixels is tried by indexed at last: palettes, scans of a few greys, small drawings.

WebP, the quick form of the stored coding, is tried beside the networks; so no file is more than 64
bytes larger than lossless WebP of the same pixels (method 4, quality 80, exact). Of a photograph it
is estimated first how large WebP's file is at least (`webp_size`): where that is more than
what the networks made, WebP is left. Three other looks save time. By two of them what is plainly a
drawing is stored without asking the networks; they do not touch that promise. The third does:
efforts 1 to 3 do not try WebP on what is plainly a photograph, because that takes as long as their
small networks.
"""

import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import zstandard

from pillow_colorgrid.codings import inner
from pillow_colorgrid.codings.base import Coding, Encoded, Picture
from pillow_colorgrid.codings.bilevel.description import BILEVEL
from pillow_colorgrid.codings.blended.description import BLENDED
from pillow_colorgrid.codings.deep.description import DEEP
from pillow_colorgrid.codings.indexed.description import INDEXED
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.description import LOSSLESS, Options
from pillow_colorgrid.codings.planes.description import PLANES
from pillow_colorgrid.codings.stored import coding as stored
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.codings.stored.encoder.webp_size import LEAST_PIXELS, least_bytes
from pillow_colorgrid.container import size_bytes
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.workers import of_this_picture

if TYPE_CHECKING:
    from pillow_colorgrid.codings.stored.encoder.page import Page

logger = logging.getLogger(__name__)

PROBE = zstandard.ZstdCompressionParameters.from_level(1, enable_ldm=True, window_log=27)
"""zstd's fastest, and repetitions up to 128 MiB away: some 10 milliseconds for each megapixel."""

DRAWING, UNCLEAR, PHOTOGRAPH = 0.06, 0.3, 0.65
"""Bounds for the probe's size as a part of the raw bytes. What makes it small is what stored codecs
live on: flat areas, few colours, repetitions. Below the first stands a drawing, below the second
likely one, above the third a photograph."""

DEEP_DRAWING = 0.01
"""The same for samples of 16 bits and more, of what planes leave: flat scenes with a little noise,
whose upper bytes are all alike, are no drawings."""

SOFT = 0.25
"""Where so many blocks slope, the networks may be smaller by a third than what is stored, whatever
the probe says: it sees equal pixels, but not how little others differ. Of flat drawings hardly
one in a hundred does."""

ICON_PIXELS = 64 * 64
"""What is not larger, and transparent in places, is an icon."""

NEAR = 1.3
"""Stored at its best makes transparent drawings that much smaller than at once."""

CONTEST_PIXELS = 2**20
"""For smaller pictures the contest would take nearly as long as the networks."""

CONTEST_EDGE = 256
"""Pixels along the sides of the pieces on which stored and lossless (effort 1) are compared."""

CONTEST_COLUMNS = (0, 2, 4, 1, 3)
"""There is one piece in each of five bands of rows; in which band of columns, for each of them."""

CONTEST_WON = 0.7
"""Stored has won if its pieces are that much smaller. On whole pictures, at higher efforts, the
networks did better by a quarter at most."""

ALWAYS_EFFORT = 4
"""From here on WebP is always tried."""

ALWAYS_PIXELS = 2**18
"""Up to here it is at any effort: it costs less than a tenth of a second."""

NOISY_BITS = 10 / 3
"""Above so many bits for each value it is, too: noise makes all codings equal."""

PAGE_EFFORT, PAGE_SHARE, PAGE_WON = 6, 0.5, 0.92
"""Up to this effort, a page whose photographs cover no more of it than this share, and which is so
much smaller than WebP, is written without a look at what else there is. On pages for development
parts without photographs gained 6 % at most, and the networks never won there."""

LEAST_TOLD = 0.1
"""What does not look like a page otherwise is one if gradients tell so much of its pixels. A
photograph's smooth sky has such, too, by chance; but they tell a twentieth of it at most."""

PAGE_SURE = 0.99
"""A page has won over one stored picture where it is so much of what that is expected to be. Of
pages for development the whole, at its best, was 0.4 and 0.8 % larger than expected."""

BILEVEL_EFFORT = 3
"""From here on pages of black and white are coded pixel by pixel: it takes ten times as long."""

INDEXED_PIXELS = {1: 0, 2: 0, 3: 2**17, 4: 2**18, 5: 2**20, 6: 2**20, 7: 2**22, 8: 2**24, 9: 2**24}
"""Up to so many pixels of mode P or PA, or of 16 bits, are coded by indexed, by effort: it takes
one to two seconds for each megapixel of a large scan, up to six of dithered colours; decoding,
too."""

FEW_COLORS_PIXELS = {1: 0, 2: 0, 3: 0, 4: 0, 5: 2**16, 6: 2**16, 7: 2**18, 8: 2**20, 9: 2**22}
"""The same of other modes, which the stored coding makes small, too, and shows in no time."""

BLENDED_PIXELS = {**dict.fromkeys(range(1, 5), 0), 5: 2**20, 6: 2**20, 7: 2**22, 8: 2**24, 9: 2**24}
"""Up to so many samples of 16 bits and more are blended, by effort: it takes two seconds for each
megapixel, also to decode, twice as long as deep."""

BLENDED_WON = 0.99
"""Blended is taken where it is so much smaller: of deep, parts and smaller pictures can be had."""

LIST_SHARE = 1 / 3
"""Where the list of colours alone would take more of what there is, indexed is not tried."""

INDEXED_WON = 0.98
"""Indexed is taken where it is so much smaller."""

BLANK_BYTES = 64
"""A page that takes no more by planes is blank, or nearly."""

BESIDE_PIXELS = 2**24
"""For larger pictures WebP comes before the networks, not beside them: it needs 35 bytes of memory
for each pixel, and gives them back."""


Quick = Callable[[], Encoded]
"""`stored.quick` of the picture, made when it is first asked for, and once."""


def encode(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The exact coding that suits the picture best, and what it made of it."""
    from_jpeg = as_jpeg(picture, options)
    if from_jpeg is not None:
        logger.debug("jpeg: the coefficients of a JPEG file are these pixels")
        return JPEG, from_jpeg
    coding, encoded = _whatever_its_colors(picture, options)
    few = _few_colors(picture, options, size_bytes(encoded.sections))
    return (coding, encoded) if few is None else (INDEXED, few)


def _whatever_its_colors(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smallest, indexed left out."""
    if picture.mode in STORED.modes:
        return _by_networks_or_stored(picture, options)
    if picture.mode in LOSSLESS.modes:
        return _planes_or_lossless(picture, options)
    return _without_lossless(picture, options)


def _by_networks_or_stored(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The same of modes L, RGB and RGBA."""
    share = probe(seen_of(picture.pixels))
    quick = cache(lambda: stored.quick(picture))
    page = _as_page(picture, options, share)
    if page is not None and _clearly(picture, page, options, quick):
        return STORED, page.encoded
    coding, encoded = _as_one(picture, options, share, quick, page)
    if page is not None and size_bytes(page.encoded.sections) < size_bytes(encoded.sections):
        return STORED, page.encoded
    return coding, encoded


def _as_page(picture: Picture, options: Options, share: float) -> "Page | None":
    """The picture with its gradients and photographs apart, where it may be a page and has any.

    What is transparent in places is a sprite: alpha tells where it is.
    """
    from pillow_colorgrid.codings.stored.encoder import finding, gradients, page

    see_through = picture.mode == "RGBA" and np.ptp(picture.pixels[..., 3]) > 0
    if see_through:
        return None
    may_be = share < UNCLEAR or (share < PHOTOGRAPH and finding.is_page(picture.pixels))
    marked = gradients.find(picture.pixels, 0.0 if may_be else LEAST_TOLD)
    if marked is None and not may_be:
        return None
    return page.encode(picture, options, marked)


def _clearly(picture: Picture, page: "Page", options: Options, quick: Quick) -> bool:
    """Whether a page is so small that nothing else need be tried."""
    if options.effort > PAGE_EFFORT:
        return False
    found, other = (size_bytes(e.sections) for e in (page.encoded, quick()))
    logger.debug("page: %d bytes, as one WebP file %d", found, other)
    if page.share <= PAGE_SHARE and found < PAGE_WON * other:
        # softly painted pictures have some, too, and are better told by the networks
        may_lose = page.doubtful or is_soft(picture.pixels)
        return not may_lose or _loses(picture.pixels, other / found)
    return _beats_stored(page, other) and _loses(page.around)


def _beats_stored(page: "Page", other: int) -> bool:
    """Whether a page is smaller than a stored picture of `other` bytes will be at its best.

    What is around the photographs gained is known; photographs gain less.
    """
    return size_bytes(page.encoded.sections) < PAGE_SURE * page.gain * other


def _loses(pixels: Bytes, gain: float = 1.0) -> bool:
    """Whether the networks surely lose against what is so many times smaller than stored."""
    return min(pixels.shape[:2]) >= CONTEST_EDGE and contest(pixels) < CONTEST_WON * gain


def _at_its_best(picture: Picture, options: Options, quick: Quick, page: "Page | None") -> Encoded:
    """Stored; no better than at once where the page is smaller all the same."""
    known = quick()
    looks = options.effort <= PAGE_EFFORT
    if looks and page is not None and _beats_stored(page, size_bytes(known.sections)):
        return known
    return stored.improved(picture, known, options)


def _as_one(
    picture: Picture, options: Options, share: float, quick: Quick, page: "Page | None"
) -> tuple[Coding, Encoded]:
    """By the networks, or stored, all of it, where that can be smaller than the page."""
    pixels = picture.pixels
    if is_drawing(pixels, share):
        logger.debug("stored: a drawing, of which a fast compressor leaves %.1f %%", 100 * share)
        if page is None:
            return STORED, stored.encode(picture, options)
        return STORED, _at_its_best(picture, options, quick, page)
    small = pixels.shape[0] * pixels.shape[1] <= ALWAYS_PIXELS
    if options.effort >= ALWAYS_EFFORT or small or share < PHOTOGRAPH:
        rival, encoded = _both(picture, options, share, quick)
    else:
        encoded = lossless.encode(picture, options)
        noisy = 8 * size_bytes(encoded.sections) > NOISY_BITS * pixels.size
        rival = _rival(picture, share, size_bytes(encoded.sections), quick) if noisy else None
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
    return STORED, rival if at_its_best else _at_its_best(picture, options, quick, page)


def _bilevel_or(plain: Encoded, picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smaller of bilevel and planes; the former takes pages that are not too large."""
    from pillow_colorgrid.codings.bilevel import coding as bilevel

    found = size_bytes(plain.sections)
    if found <= BLANK_BYTES or picture.pixels.size > bilevel.MOST_PIXELS:
        return PLANES, plain
    encoded = bilevel.encode(picture, options)
    other = size_bytes(encoded.sections)
    logger.debug("%d bytes by planes, %d by bilevel", found, other)
    return (BILEVEL, encoded) if other < found else (PLANES, plain)


def _few_colors(picture: Picture, options: Options, found: int) -> Encoded | None:
    """By indexed, where it takes the picture, and is smaller than `found` bytes.

    Frames of animations would be shown too slowly.
    """
    most = FEW_COLORS_PIXELS if picture.mode in LOSSLESS.modes else INDEXED_PIXELS
    height, width = picture.pixels.shape[:2]
    passed = found <= BLANK_BYTES or height * width > most[options.effort]
    if passed or picture.moving or picture.mode not in INDEXED.modes:
        return None
    from pillow_colorgrid.codings.indexed import coding as indexed
    from pillow_colorgrid.codings.indexed.encoder import order

    values = order.values_of(picture.pixels)
    if values is None or (values.shape[1] > 1 and values.size > LIST_SHARE * found):
        return None
    encoded = indexed.encode_values(picture, values, options)
    other = size_bytes(encoded.sections)
    logger.debug("%d bytes otherwise, %d by indexed", found, other)
    return encoded if other < INDEXED_WON * found else None


def _without_lossless(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """The smaller of deep or bilevel and planes, where both take the picture."""
    plain = PLANES.work().encode(picture, options)
    if picture.mode in BILEVEL.modes and options.effort >= BILEVEL_EFFORT:
        return _bilevel_or(plain, picture, options)
    if picture.mode not in DEEP.modes:
        logger.debug("planes: no network knows mode %s", picture.mode)
        return PLANES, plain
    found = size_bytes(plain.sections)
    if found < DEEP_DRAWING * picture.pixels.nbytes:
        logger.debug("planes: %d bytes are left of %d", found, picture.pixels.nbytes)
        return PLANES, plain
    return _by_prediction(picture, options, plain)


def _by_prediction(picture: Picture, options: Options, plain: Encoded) -> tuple[Coding, Encoded]:
    """The smallest of deep, blended and planes, which is `plain`."""
    from pillow_colorgrid.codings.blended.encoder import encoding as blended
    from pillow_colorgrid.codings.deep.encoder import encoding as deep

    pixels, effort = picture.pixels, options.effort
    encoded = deep.encode(pixels, effort)
    if encoded is None:
        logger.debug("planes: one sample only, or more than can be numbered")
        return PLANES, plain
    best, found = (DEEP, encoded), size_bytes(encoded.sections)
    if pixels.size <= BLENDED_PIXELS[effort] and not picture.moving:
        other = blended.encode(pixels)
        if other is not None:
            logger.debug("%d bytes by deep, %d by blended", found, size_bytes(other.sections))
            if size_bytes(other.sections) < BLENDED_WON * found:
                best, found = (BLENDED, other), size_bytes(other.sections)
    if found < size_bytes(plain.sections):
        return best
    logger.debug("planes: %d bytes by prediction", found)
    return PLANES, plain


def as_jpeg(picture: Picture, options: Options) -> Encoded | None:
    """The coefficients of the JPEG file that the picture was opened from, or was long ago."""
    if options.jpeg == "never":
        return None
    if picture.mode not in JPEG.modes:
        if options.jpeg != "auto":
            allowed = ", ".join(JPEG.modes)
            raise ValueError(f"jpeg= of a picture of mode {picture.mode}, allowed: {allowed}")
        return None
    from pillow_colorgrid.codings.jpeg.encoder import files

    found = files.encode(picture, options.jpeg)
    if found is not None or picture.mode not in ("L", "RGB") or options.origin == "none":
        return found
    return files.encode_once_a_jpeg(picture.pixels)


def _planes_or_lossless(picture: Picture, options: Options) -> tuple[Coding, Encoded]:
    """Of modes that WebP does not have: the smaller of two, or planes where that is plain."""
    planes = PLANES.work().encode(picture, options)
    if probe(picture.pixels) < DRAWING:
        return PLANES, planes
    encoded = lossless.encode(picture, options)
    found, other = size_bytes(encoded.sections), size_bytes(planes.sections)
    logger.debug("%d bytes by the networks, %d as planes", found, other)
    return (LOSSLESS, encoded) if found < other else (PLANES, planes)


def seen_of(pixels: Bytes) -> Bytes:
    """(H, W, C) pixels; of RGBA those (1, n, 4) that are not hidden, if there are any."""
    if pixels.shape[2] < 4:
        return pixels
    seen = pixels[..., 3] != 0
    return pixels if seen.all() or not seen.any() else pixels[seen][None]


def probe(pixels: Bytes) -> float:
    """What is left of the raw bytes after a fast compressor, 0 to about 1."""
    raw = np.ascontiguousarray(pixels).data
    return len(zstandard.ZstdCompressor(compression_params=PROBE).compress(raw)) / raw.nbytes


def is_drawing(pixels: Bytes, share: float) -> bool:
    """Whether stored is surely smaller, as far as `probe` (`share`) and the contest can tell."""
    height, width, channels = pixels.shape
    small = height * width <= ICON_PIXELS
    if small and channels == 4 and np.ptp(pixels[..., 3]):
        return True
    fair = height * width >= CONTEST_PIXELS and min(height, width) >= CONTEST_EDGE
    if share < DRAWING:
        return not (fair and is_soft(pixels)) or contest(pixels) < 1
    return share < UNCLEAR and fair and contest(pixels) < CONTEST_WON


def is_soft(pixels: Bytes) -> bool:
    """Whether most of a picture is smooth, but not of one colour: painted by soft brushes, say."""
    from pillow_colorgrid.codings.stored.encoder import gradient_blocks

    return gradient_blocks.glance(pixels) > SOFT


def contest(pixels: Bytes) -> float:
    """The size of stored divided by that of lossless, on a few pieces spread over the picture."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    pieces = [Picture(piece, mode) for piece in pieces_of(pixels)]
    quick = Options(effort=1)
    return sum(size_bytes(stored.quick(piece).sections) for piece in pieces) / sum(
        size_bytes(lossless.encode(piece, quick).sections) for piece in pieces
    )


def pieces_of(pixels: Bytes) -> list[Bytes]:
    """Squares of CONTEST_EDGE pixels, spread over a picture that is not smaller."""
    bands = len(CONTEST_COLUMNS)
    tops, lefts = (
        np.linspace(0, side - CONTEST_EDGE, 2 * bands + 1).astype(int)[1::2]
        for side in pixels.shape[:2]
    )
    return [
        pixels[top : top + CONTEST_EDGE, left : left + CONTEST_EDGE]
        for top, left in zip(tops, lefts[list(CONTEST_COLUMNS)], strict=True)
    ]


def _both(
    picture: Picture, options: Options, share: float, quick: Quick
) -> tuple[Encoded | None, Encoded]:
    """What `stored.quick` and the lossless coding make of it, side by side if possible.

    Pillow's WebP does not hold Python's lock while it encodes. The former is None where an estimate
    tells that it cannot win.
    """
    height, width = picture.pixels.shape[:2]
    beside = height * width <= BESIDE_PIXELS
    with of_this_picture() as workers:
        if not _estimated(picture, share):
            if not beside:
                return quick(), lossless.encode(picture, options)
            coming = workers.begin(quick)
            encoded = lossless.encode(picture, options)
            return coming.result(), encoded
        least = workers.begin(lambda: least_bytes(picture.pixels, probe, share))
        encoded = lossless.encode(picture, options)
        wins = least.result() > size_bytes(encoded.sections)
        return None if wins else quick(), encoded


def _rival(picture: Picture, share: float, found: int, quick: Quick) -> Encoded | None:
    """`stored.quick`, once the networks made `found` bytes; None where it cannot win."""
    if _estimated(picture, share) and least_bytes(picture.pixels, probe, share) > found:
        return None
    return quick()


def _estimated(picture: Picture, share: float) -> bool:
    """Whether it looks like the pictures on which estimates were measured."""
    height, width = picture.pixels.shape[:2]
    one_file = max(height, width) <= inner.WEBP_MAX_SIDE
    least_share = UNCLEAR if height * width >= LEAST_PIXELS else PHOTOGRAPH
    return share >= least_share and picture.mode == "RGB" and one_file
