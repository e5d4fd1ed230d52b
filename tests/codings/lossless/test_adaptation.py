"""Adaptations: their bytes, and that the regression finds what helps."""

from dataclasses import replace

import numpy as np
import pytest
import zstandard

from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import adaptation, coding as lossless, model
from pillow_colorgrid.codings.lossless.adaptation import Correction
from pillow_colorgrid.codings.lossless.encoder import regression
from pillow_colorgrid.codings.lossless.encoder.encoding import FINE, SECOND, encode_planes
from pillow_colorgrid.codings.lossless.encoder.regression import Fitting
from pillow_colorgrid.codings.lossless.pieces import tile_of
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.errors import DamagedError
from tests.conftest import photograph

NAME = "luminance_fine_diagonal"
PASS = adaptation.PASSES[NAME]
FEATURES = 64
EACH_FEATURES = dict.fromkeys(adaptation.PASSES, FEATURES)
COLUMNS = FEATURES + PASS.inputs + 1


def correction(seed=1):
    rng = np.random.default_rng(seed)
    return Correction(
        rng.integers(-127, 128, (2, COLUMNS)).astype(np.int8), np.array([0, 7], np.uint8)
    )


def test_bytes_come_back():
    sent = {NAME: correction(), "color_second_cross": Correction(
        np.ones((8, FEATURES + adaptation.PASSES["color_second_cross"].inputs + 1), np.int8),
        np.full(8, 15, np.uint8),
    )}  # fmt: skip
    found = adaptation.unpack(adaptation.pack(sent), EACH_FEATURES)
    assert set(found) == set(sent)
    for name, one in sent.items():
        assert np.array_equal(found[name].coefficients, one.coefficients)
        assert np.array_equal(found[name].shifts, one.shifts)


@pytest.mark.parametrize("wrong", [b"", b"\2" + bytes(7), bytes(9), b"\1" + bytes(50)])
def test_damaged_bytes_are_an_error(wrong):
    with pytest.raises(DamagedError, match="adaptation"):
        adaptation.unpack(zstandard.compress(wrong), EACH_FEATURES)
    with pytest.raises(DamagedError, match="adaptation"):
        adaptation.unpack(wrong, EACH_FEATURES)


def test_directions_are_derivatives():
    """Slope of the code length, by mean and by scale, against small differences."""
    rng = np.random.default_rng(3)
    scale = np.exp(rng.normal(1, 0.5, 50)).astype(np.float32)
    residual = (rng.logistic(0, 1, 50) * scale).round().astype(np.float32)

    def nats(by_mean=0.0, by_octave=0.0):
        probability = regression._logistic(
            (residual - by_mean).astype(np.float64), scale * 2.0**by_octave
        )[0]
        return -np.log(probability)

    by_mean = (nats(by_mean=1e-4) - nats(by_mean=-1e-4)) / 2e-4
    by_octave = (nats(by_octave=1e-4) - nats(by_octave=-1e-4)) / 2e-4
    assert np.allclose(regression._mean_direction(residual, scale)[0], by_mean, atol=2e-3)
    inside = np.abs(by_octave / regression.LN2) < 5
    found = regression._scale_direction(residual, scale)[0]
    assert np.allclose(found[inside], by_octave[inside], atol=2e-3)


def test_pruning_keeps_what_gains():
    rng = np.random.default_rng(4)
    columns = rng.normal(0, 1, (20, 3000)).astype(np.float32)
    columns *= 50  # so that coefficients are of the size that is likely
    residual = 0.01 * columns[3] - 0.004 * columns[7] + rng.normal(0, 1, 3000)
    matrix = regression._curvature_matrix(columns, np.ones(3000, np.float32))
    step = regression._step(matrix, -(columns @ residual), 1 / regression.LN2)
    assert set(np.flatnonzero(step)) == {3, 7}
    assert step[[3, 7]] == pytest.approx([0.01, -0.004], abs=0.001)


def test_one_large_coefficient_does_not_coarsen_the_others():
    """It is cut to what a byte holds; the others keep their precision."""
    step = np.array([300.0, 0.5, -0.25, 0.75])
    matrix = np.diag([1e-3, 1e6, 1e6, 1e6])
    coefficients, shift = regression._rounded(step, matrix, 1.0)
    assert np.allclose(coefficients[1:] / 2.0**shift, step[1:], atol=0.01)


def adapted_to(found):
    return Predictor(replace(model.model(model.WIDE), adaptation=found))


@pytest.mark.parametrize("edge", [1024, 160])
def test_an_adaptation_shortens_the_file(edge, monkeypatch):
    """Also where it was fitted to some rows of many tiles."""
    monkeypatch.setattr(tiles, "MAX_EDGE", edge)
    planes = lossless.split(np.asarray(photograph("chelsea", 400, 300)))
    parts = [tile_of(planes, tile) for tile in tiles.tiles(300, 400)]
    plain = Predictor(model.model(model.WIDE))
    found = regression.fit(parts, Fitting((SECOND, FINE)), plain)
    assert set(found) & {"luminance_fine_cross", "color_fine_cross"}
    sizes = [
        sum(len(s.payload) for s in encode_planes(planes, predictor).sections())
        for predictor in (plain, adapted_to(found))
    ]
    assert sizes[1] + len(adaptation.pack(found)) < 0.99 * sizes[0]


def test_a_second_round_shortens_it_further():
    planes = lossless.split(np.asarray(photograph("chelsea", 300, 200)))
    plain = Predictor(model.model(model.WIDE))
    sizes = []
    for rounds in (1, 2):
        found = regression.fit([planes], Fitting((SECOND, FINE), rounds=rounds), plain)
        streams = encode_planes(planes, adapted_to(found)).sections()
        sizes.append(sum(len(s.payload) for s in streams) + len(adaptation.pack(found)))
    assert sizes[1] < sizes[0]


def test_what_does_not_help_is_not_sent():
    """Noise: nothing is there to be learnt."""
    rng = np.random.default_rng(5)
    planes = [rng.integers(0, 256, (1, 160, 160)).astype(np.int16)]
    plain = Predictor(model.model(model.WIDE))
    found = regression.fit([planes], Fitting((FINE,)), plain)
    sizes = [
        sum(len(s.payload) for s in encode_planes(planes, predictor).sections())
        for predictor in (plain, adapted_to(found))
    ]
    assert sizes[1] <= sizes[0]
