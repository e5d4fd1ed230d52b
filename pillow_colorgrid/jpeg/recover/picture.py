"""The whole way from pixels to coefficients and exceptions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pillow_colorgrid.jpeg import render
from pillow_colorgrid.jpeg.exceptions import Exceptions, between, entropy_bits
from pillow_colorgrid.jpeg.picture import Component, JpegPicture
from pillow_colorgrid.jpeg.recover import band, components, downsampling, steps
from pillow_colorgrid.jpeg.recover.blocks import apart, forward
from pillow_colorgrid.jpeg.recover.components import Planes
from pillow_colorgrid.pixels import Bytes
from pillow_colorgrid.runtime.blas import one_thread

Real = npt.NDArray[np.float32]

LEAST_BLOCKS = 64
"""Smaller pictures are not looked at: a file's tables alone would cost more than is saved."""

PROBE_BLOCKS = 400
"""Blocks, evenly spread, that tell whether a picture may have been a JPEG."""

GOLDEN_SECTION = (5**0.5 - 1) / 2

HAVE_ORIGIN = 0.97
"""So many of the pixels that are not clipped must have an origin in YCbCr."""

TABLE_BLOCKS = 6000
"""Blocks by which the steps are estimated."""

BAND_PIXELS = 1 << 18
"""Pixels of a band, about."""

TRIAL_ROWS = 128
"""Of a band on which layouts are compared."""

MARGIN = 16
"""Rows around a band that are looked at with it: what is beyond them has no influence."""

FITS = 0.27
"""Standard deviation of chromas from what was interpolated to them: rounding makes it 0.25."""

PAYS = 0.6
"""Exceptions may cost so much of the coefficients: what else could be done costs twice a JPEG."""


@dataclass(frozen=True)
class Recovered:
    """Coefficients found in pixels.

    Attributes:
        picture: what renders to the pixels, but for the exceptions.
        exceptions: the others.
        quality: of the standard tables found, or 0.
        coefficient_bytes: about what the coefficients cost: the entropy of each frequency by
            itself, some percent below the JPEG file.
        exception_bytes: about what the exceptions cost.
    """

    picture: JpegPicture
    exceptions: Exceptions
    quality: int
    coefficient_bytes: float
    exception_bytes: float


def once_a_jpeg(pixels: Bytes) -> bool:
    """Whether a picture (H, W), (H, W, 1 or 3) looks as if: a quick check by a few blocks."""
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    rows, columns = pixels.shape[0] // 8, pixels.shape[1] // 8
    if rows * columns < LEAST_BLOCKS or pixels.shape[2] not in (1, 3):
        return False
    places = np.arange(rows * columns)
    if len(places) > 4 * PROBE_BLOCKS:
        places = np.arange(4 * PROBE_BLOCKS) * GOLDEN_SECTION % 1 * len(places)
    top, left = np.divmod(places.astype(np.int64), columns)
    span = np.arange(8)
    probe = pixels[(8 * top)[:, None, None] + span[:, None], (8 * left)[:, None, None] + span]
    # flat blocks tell nothing
    busy = np.ptp(probe[..., probe.shape[-1] // 2].reshape(len(probe), -1), axis=1) > 3
    probe = probe[busy][:PROBE_BLOCKS]
    if len(probe) < LEAST_BLOCKS // 4:
        return False
    planes = _planes(probe.reshape(-1, 8, probe.shape[-1]))
    if not _have_origin(planes):
        return False
    whole = planes.sure.reshape(-1, 64).all(1)
    blocks = forward(planes.values[0].reshape(-1, 8, 8)[whole])
    return bool(len(blocks) >= LEAST_BLOCKS // 4) and steps.looks_quantised(blocks)


def recover(pixels: Bytes) -> Recovered | None:
    """A picture (H, W), (H, W, 1 or 3) -> what it was as a JPEG; None if it does not pay."""
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    with one_thread():
        if not once_a_jpeg(pixels):
            return None
        layout, quality = _layout(pixels)
        if layout is None:
            return None
        picture = _coefficients(pixels, layout)
    return _verified(pixels, picture, quality)


def _planes(pixels: Bytes) -> Planes:
    if pixels.shape[-1] == 1:
        return components.of_grey(pixels[..., 0])
    return components.of_rgb(pixels)


def _have_origin(planes: Planes) -> bool:
    unclipped = int((~planes.clipped).sum())
    return unclipped > 0 and int((planes.sure & ~planes.clipped).sum()) >= HAVE_ORIGIN * unclipped


# -- tables and subsampling ------------------------------------------------------------------------


def _layout(pixels: Bytes) -> tuple[band.Layout | None, int]:
    """Subsampling and tables by some bands; None if pixels have no origin; and the quality."""
    planes = [_planes(part) for part in _samples_of_bands(pixels)]
    if not all(_have_origin(one) for one in planes if not one.clipped.all()):
        return None, 0
    luminance = _sure_blocks(planes, 0, (1, 1))
    if len(luminance) < LEAST_BLOCKS // 4:
        return None, 0
    first = steps.find(luminance, False, steps.NOISE)
    if pixels.shape[-1] == 1:
        return band.Layout((1, 1), (first.table,)), first.quality
    tried = []
    possible = _ratios(planes)
    for ratio in possible:
        noise = steps.NOISE if ratio == (1, 1) else steps.NOISE_UPSAMPLED
        both = [_sure_blocks(planes, number, ratio) for number in (1, 2)]
        color = steps.find(np.concatenate(both), True, noise, first.quality)
        tried.append((color.gain, ratio, color.table))
        if color.quality:
            break
    else:
        # smooth colour may look subsampled: its coefficients then are no multiples of anything
        tried.sort(key=lambda one: one[0])
    _, ratio, table = tried[-1]
    found = band.Layout(ratio, (first.table, table, table))
    if color.quality == first.quality or not first.quality:
        return found, first.quality
    # the table that goes with that of luminance may be right, and colour too smooth to tell
    table = steps.standard(first.quality)[1]
    layouts = [band.Layout(ratio, (first.table, table, table)) for ratio in possible]
    wrong = [_wrong(pixels, layout) for layout in (*layouts, found)]
    return (*layouts, found)[int(np.argmin(wrong))], first.quality


def _wrong(pixels: Bytes, layout: band.Layout) -> int:
    """How many pixels of a band from the middle do not come back."""
    top = max(0, pixels.shape[0] - TRIAL_ROWS) // 32 * 16
    part = pixels[top : top + TRIAL_ROWS]
    picture = _coefficients(part, layout)
    return int((render.pixels(picture) != part).any(-1).sum())


def _samples_of_bands(pixels: Bytes) -> list[Bytes]:
    """The whole of a small picture, or three bands of a large one."""
    height, width = pixels.shape[:2]
    high = max(16, TABLE_BLOCKS * 64 // width // 3 // 16 * 16)
    if height <= 3 * high:
        return [pixels]
    starts = [int(part * (height - high)) // 16 * 16 for part in (0.1, 0.5, 0.9)]
    return [pixels[start : start + high] for start in starts]


def _sure_blocks(planes: list[Planes], number: int, ratio: tuple[int, int]) -> Real:
    """Coefficients (n, 64) of a component's blocks all of whose pixels are sure."""
    found = []
    for one in planes:
        whole = _whole(one.sure, ratio)
        blocks = forward(apart(downsampling.undo(one.values[number], ratio)))
        found.append(blocks[: whole.shape[0], : whole.shape[1]][whole])
    return np.concatenate(found)


def _whole(sure: components.Mask, ratio: tuple[int, int]) -> components.Mask:
    """Blocks (rows, columns) all of whose pixels are sure; and all next to them, if interpolated.

    Samples are found by pixels around them: a wrong estimate spreads, by a third a sample.
    """
    down, across = 8 * ratio[0], 8 * ratio[1]
    rows, columns = sure.shape[0] // down, sure.shape[1] // across
    inside = sure[: rows * down, : columns * across]
    whole = inside.reshape(rows, down, columns, across).all(axis=(1, 3))
    if ratio != (1, 1):
        wide = np.pad(whole, 1, constant_values=True)
        near = whole.copy()
        for top in range(3):
            for left in range(3):
                near &= wide[top : top + rows, left : left + columns]
        whole = near
    return np.asarray(whole)


def _ratios(planes: list[Planes]) -> list[tuple[int, int]]:
    """Subsamplings whose samples, interpolated, are the chromas; the coarsest first, none last."""
    found = []
    for ratio in ((2, 2), (1, 2), (2, 1)):
        squares, count = np.zeros(2), 0
        for one in planes:
            whole = _whole(one.sure, (2, 2))
            inner = np.zeros(one.sure.shape, bool)
            inner[: 16 * whole.shape[0], : 16 * whole.shape[1]] = whole.repeat(16, 0).repeat(16, 1)
            for number, plane in enumerate(one.values[1:]):
                known = downsampling.undo(plane, ratio)
                away = downsampling.redo(known, ratio)[: plane.shape[0], : plane.shape[1]] - plane
                squares[number] += float((away[inner] ** 2).sum())
            count += int(inner.sum())
        if count and (squares <= FITS**2 * count).all():
            found.append(ratio)
    return [*found, (1, 1)]


# -- coefficients and exceptions -------------------------------------------------------------------


def _coefficients(pixels: Bytes, layout: band.Layout) -> JpegPicture:
    """All bands, one after the other."""
    height, width, channels = pixels.shape
    unit = 8 * layout.ratio[0]
    high = max(1, BAND_PIXELS // (width * unit)) * unit
    parts: list[list[band.Quantised]] = [[] for _ in range(channels)]
    for top in range(0, height, high):
        bottom = min(top + high, height)
        start = max(0, top - MARGIN)
        around = pixels[start : min(bottom + MARGIN, height)]
        found = band.recover(around, _planes(around), layout)
        for part, one, ratio in zip(parts, found, layout.ratios(), strict=True):
            first = (top - start) // (8 * ratio[0])
            rows = -(-(bottom - top) // (8 * ratio[0]))
            part.append(one[first : first + rows])
    down, across = layout.ratio
    factors = [(across, down), (1, 1), (1, 1)] if channels == 3 else [(1, 1)]
    found_components = tuple(
        Component(h, v, table, np.concatenate(part))
        for (h, v), table, part in zip(factors, layout.tables, parts, strict=True)
    )
    return JpegPicture(width, height, found_components, "ycc" if channels == 3 else "grey")


def _verified(pixels: Bytes, picture: JpegPicture, quality: int) -> Recovered | None:
    """With its exceptions, if these are few enough."""
    exceptions = between(pixels, render.pixels(picture))
    coefficient_bytes = sum(_entropy_bytes(one.coefficients) for one in picture.components)
    exception_bytes = exceptions.cost_bytes()
    if exception_bytes > PAYS * coefficient_bytes:
        return None
    return Recovered(picture, exceptions, quality, coefficient_bytes, exception_bytes)


def _entropy_bytes(coefficients: npt.NDArray[np.int16]) -> float:
    """Of each frequency by itself; the first as differences between neighbours."""
    flat = coefficients.reshape(-1, 64).copy()
    flat[1:, 0] -= coefficients.reshape(-1, 64)[:-1, 0]
    return sum(entropy_bits(flat[:, place]) for place in range(64)) / 8
