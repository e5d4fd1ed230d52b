"""What the outputs of the networks mean: the distributions of coefficients, and flags.

A head tells for each AC coefficient mean, scale and peak at zero; a lattice network for each DC
coefficient two means, two scales and a weight. Outputs are relative to what is usual at a
frequency (`gains`), or to what lies around (DC).
"""

import numpy as np

from pillow_colorgrid.codings.jpeg import dc_context, features
from pillow_colorgrid.codings.jpeg.distribution import (
    CLASSES,
    CLASSES_PER_OCTAVE,
    MEAN_UNIT,
    UNIT_CLASS,
    WEIGHT_BITS,
    ZERO_BITS,
    Mixture,
    Peaked,
)

OUTPUT_UNIT = 64
"""Steps of means to 1.0."""

LARGEST_OUTPUT = 32 * OUTPUT_UNIT - 1

GAIN_BITS = 10
"""Fraction bits of a gain: what a mean of 1.0 is, in quantised steps."""

GAIN_SHIFT = GAIN_BITS + 1
"""``OUTPUT_UNIT << GAIN_BITS`` is ``MEAN_UNIT << GAIN_SHIFT``."""

LARGEST_MEAN = 1 << 20
"""Means are cut here, in 1/32 of a quantised step."""

WEIGHT_STEPS = 8
"""Steps of a weight to 1.0."""

LARGEST_WEIGHT = 5 * WEIGHT_STEPS

PEAK_STEPS = 16
"""Steps of a peak to 1.0."""

LARGEST_PEAK = 7 * PEAK_STEPS

FLAG_STEPS = 16
"""Steps of a flag to 1.0."""

LARGEST_FLAG = 9 * FLAG_STEPS

FLAG_BITS = 14


def _sigmoid(bits: int, steps: int, largest: int) -> np.ndarray:
    """2**bits times the sigmoid of -largest ... largest steps."""
    return np.rint((1 << bits) / (1 + np.exp(-np.arange(-largest, largest + 1) / steps)))


WEIGHTS = _sigmoid(WEIGHT_BITS, WEIGHT_STEPS, LARGEST_WEIGHT).astype(np.int32)
"""Weight of the first logistic in 1/64."""

PEAKS = _sigmoid(ZERO_BITS, PEAK_STEPS, LARGEST_PEAK).astype(np.int32)
"""Weight of the peak in 1/1024."""

FLAGS = _sigmoid(FLAG_BITS, FLAG_STEPS, LARGEST_FLAG).clip(1, (1 << FLAG_BITS) - 1)
FLAGS = FLAGS.astype(np.uint16)
"""How often, of 2**14, a block's group is all zero."""


def gains(table: np.ndarray, plane: str, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What outputs of 1.0 and of 0.0 mean at some frequencies.

    Args:
        table: (64,) quantisation steps.

    Returns:
        (n,) int32 gain with GAIN_BITS fraction bits; (n,) int32 class of a scale of 0.0.
    """
    standard, step = features.STANDARD[plane][frequencies], table[frequencies].astype(np.int64)
    gain = ((standard << GAIN_BITS) + step // 2) // step
    classes = UNIT_CLASS + ((features.log2(standard) - features.log2(step) + 1) >> 1)
    return np.maximum(gain, 1).astype(np.int32), classes.astype(np.int32)


def of_group(outputs: np.ndarray, gain: np.ndarray, classes: np.ndarray) -> Peaked:
    """Outputs of a head -> distributions of all coefficients.

    Args:
        outputs: (3, n, ...) float32: mean, scale, peak; exact multiples of a power of two.
        gain: (n, ...) or broadcast, of `gains`.
        classes: likewise.
    """
    mean = np.rint(outputs[0] * np.float32(OUTPUT_UNIT)).clip(-LARGEST_OUTPUT, LARGEST_OUTPUT)
    means = (mean.astype(np.int32) * gain) >> np.int32(GAIN_SHIFT)
    widths = _widths(outputs[1], classes)
    peaks = PEAKS.take(_steps(outputs[2], PEAK_STEPS, LARGEST_PEAK))
    return Peaked(means.reshape(-1), widths.reshape(-1), peaks.reshape(-1))


def of_dc(outputs: np.ndarray, base: np.ndarray, spread: np.ndarray, step: int) -> Mixture:
    """Outputs of a lattice network -> distributions of the DC coefficients of a pass.

    Args:
        outputs: (5, m) float32.
        base: (m,) dequantised (dc_context.inputs), float64, as all here: exact below 2**53.
        spread: (m,) in 1/16.
        step: quantisation step of DC.
    """
    # spread / 16 / step, with GAIN_BITS fraction bits
    gain = np.floor(spread * (1 << (GAIN_BITS - 4)) / step)
    shift = np.rint(outputs[:2].astype(np.float64) * OUTPUT_UNIT)
    shift = shift.clip(-LARGEST_OUTPUT, LARGEST_OUTPUT)
    shift *= gain
    shift *= 1 / (1 << GAIN_SHIFT)
    means = np.floor(MEAN_UNIT * base / step) + np.floor(shift, shift)
    means = means.clip(-LARGEST_MEAN, LARGEST_MEAN).astype(np.int32)
    zero = (dc_context.log2_16(spread) - 64 - int(features.log2(np.array(step))) + 1) >> 1
    classes = (zero + UNIT_CLASS).astype(np.int32)
    return Mixture(
        means,
        _widths(outputs[2:4], classes),
        WEIGHTS.take(_steps(outputs[4], WEIGHT_STEPS, LARGEST_WEIGHT)),
    )


def of_flags(outputs: np.ndarray) -> np.ndarray:
    """(...) float32 -> uint16 frequency of "all zero"."""
    return FLAGS.take(_steps(outputs, FLAG_STEPS, LARGEST_FLAG))


def _widths(outputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    steps = np.rint(outputs * np.float32(CLASSES_PER_OCTAVE)).clip(-512, 512)
    result: np.ndarray = np.clip(steps.astype(np.int32) + classes, 0, CLASSES - 1)
    return result


def _steps(outputs: np.ndarray, steps: int, largest: int) -> np.ndarray:
    """Places in a table of `_sigmoid`."""
    found = np.rint(outputs * np.float32(steps)).clip(-largest, largest)
    result: np.ndarray = found.astype(np.int32) + largest
    return result
