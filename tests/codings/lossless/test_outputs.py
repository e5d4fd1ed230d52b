"""Outputs as integers: the head's sums, rounded, and what a picture adds."""

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import distribution, model, outputs
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.outputs import Seen
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.heads import Head, rounded_up
from tools.export.evaluate import shift_right_half_even

SETS = networks.with_role(model.TABLES)


def seen_by(number, name, seed=2):
    rng = np.random.default_rng(seed)
    head = networks.head(networks.index()[model.model(number).networks[name]])
    features = rng.integers(0, 256, (2, 9, 50, len(head.weights)), np.uint8)
    features[:, 0] = 255
    shape = (2, 9, 50, rounded_up(head.inputs))
    return Seen(head, features, rng.integers(0, 256, shape, np.uint8))


def units_of(name):
    is_color = name.startswith("color")
    return distribution.COLOR_UNITS if is_color else distribution.LUMINANCE_UNITS


def plain_outputs(seen, units):
    """In integers alone."""
    sums = seen.features.astype(np.int64) @ seen.head.weights.astype(np.int64) + seen.head.bias
    shifts = -np.log2(seen.head.scales * np.tile(units, len(seen.head.bias) // len(units)))
    rounded = [shift_right_half_even(sums[..., k], int(s)) for k, s in enumerate(shifts)]
    return np.stack(rounded, axis=1)


def plain_correction(seen, correction):
    """As FORMAT.md 3.3.6 has it: (N, corrected, rows, columns)."""
    bias = np.full((*seen.features.shape[:-1], 1), 64)
    inputs = seen.inputs[..., : seen.head.inputs].astype(np.int64) - 128
    columns = np.concatenate([seen.features, inputs, bias], axis=-1)
    total = columns @ correction.coefficients.astype(np.int64).T
    halves = (1 << correction.shifts.astype(np.int64)) >> 1
    return ((total + halves) >> correction.shifts).transpose(0, 3, 1, 2)


def correction_for(seen, name, kind, seed=1):
    rng = np.random.default_rng(seed)
    shape = (len(PASSES[name].corrected), len(seen.head.weights) + PASSES[name].inputs + 1)
    coefficients = {
        "any": rng.integers(-128, 128, shape),
        "small": rng.integers(-64, 65, shape),
        "largest": np.full(shape, -128),
        "few": np.where(rng.random(shape) < 0.01, 127, 0),
        "bias": np.zeros(shape),
        "none": np.zeros(shape),
    }[kind].astype(np.int8)
    if kind == "bias":
        coefficients[0, -1] = 127
    return Correction(coefficients, rng.integers(0, 16, shape[0]).astype(np.uint8))


def test_halves_are_rounded_to_even():
    """Of sums 1, 2, 3 at half a unit: 0, 1, 2."""
    weights, bias = np.array([[1]], np.int8), np.zeros(1, np.int32)
    head = Head(7, weights, bias, np.array([0.5], np.float32))
    features = np.arange(8, dtype=np.uint8).reshape(1, 1, 8, 1)
    found = Seen(head, features, features).outputs(np.ones(1, np.float32))
    assert found.reshape(-1).tolist() == [0, 0, 1, 2, 2, 2, 3, 4]


@pytest.mark.parametrize("chunk", [1, 1000, outputs.CHUNK_CELLS])
@pytest.mark.parametrize("kind", ["any", "small", "largest", "few", "bias", "none"])
@pytest.mark.parametrize("name", PASSES)
def test_outputs_are_the_integers_of_the_format(name, kind, chunk, monkeypatch):
    monkeypatch.setattr(outputs, "CHUNK_CELLS", chunk)
    seen, units, chosen = seen_by(model.MIDDLE, name), units_of(name), PASSES[name].corrected
    expected = plain_outputs(seen, units)
    assert np.array_equal(seen.outputs(units), expected)
    correction = correction_for(seen, name, kind)
    expected[:, list(chosen)] += plain_correction(seen, correction)
    assert np.array_equal(seen.outputs(units, correction, chosen), expected)
    some = np.array([0, 3, 8])
    assert np.array_equal(seen.rows(some).outputs(units, correction, chosen), expected[:, :, some])


@pytest.mark.parametrize("number", SETS)
def test_so_are_those_of_each_set(number):
    for name in PASSES:
        seen = seen_by(number, name)
        assert np.array_equal(seen.outputs(units_of(name)), plain_outputs(seen, units_of(name)))


def test_the_largest_sum_is_exact_in_float32():
    """Which the encoder's columns are (`sample`)."""
    widest = max(64 + one.inputs + 1 for one in PASSES.values())
    assert widest * 127 * 255 < 2**24
