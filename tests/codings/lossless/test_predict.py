"""Bands of rows: the same integers, however a pass is cut and by however many workers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pillow_colorgrid.codings.lossless import coding as lossless, model, predict
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes
from pillow_colorgrid.codings.lossless.predict import Predictor, color_passes, luminance_passes
from pillow_colorgrid.runtime import networks
from pillow_colorgrid.runtime.workers import Workers
from tests.conftest import MODELS, noise, photograph
from tools.export import evaluate

NUMBERS = networks.with_role(model.TABLES)


def passes(kind):
    return [*luminance_passes(kind), *color_passes(kind)]


def level_for(pass_, planes):
    return planes if pass_.network.startswith("color") else planes[:1]


@pytest.mark.parametrize("number", NUMBERS)
@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(["fine", "second", "coarse"]),
    st.integers(1, 60),
    st.integers(1, 9),
    st.data(),
)
def test_any_band_has_the_integers_of_the_whole(number, kind, height, width, data):
    planes = lossless.split(np.asarray(noise("RGB", (width, height))))
    predictor = Predictor(model.model(number))
    rows = (height + 1) // 2
    first = data.draw(st.integers(0, rows - 1))
    end = data.draw(st.integers(first + 1, rows))
    for pass_ in passes(kind):
        level = level_for(pass_, planes)
        whole = predictor.band(pass_, level, (0, rows))
        band = predictor.band(pass_, level, (first, end))
        for name in ("inputs", "features"):
            of_whole = getattr(whole.seen, name)[:, first:end]
            assert np.array_equal(getattr(band.seen, name), of_whole)
        assert np.array_equal(band.outputs(), whole.outputs()[:, :, first:end])
        for of_band, of_whole in zip(band.bases, whole.bases, strict=True):
            for one_base, other in zip(of_band, of_whole, strict=True):
                assert np.array_equal(one_base, other[:, first:end])


@pytest.mark.parametrize("number", NUMBERS)
def test_reach_and_features_are_those_of_the_networks(number):
    """Each 3x3 convolution looks one row farther."""
    tables = np.load(MODELS / networks.index()[number].file)
    depths = []
    for member in tables["networks"].tolist():
        graph = evaluate.load(MODELS / networks.index()[member].file).graph
        sizes = {i.name: i.dims for i in graph.initializer if len(i.dims) == 4}
        depths.append(sum(dims[2] // 2 for dims in sizes.values()))
        blocks = {dims[0] for dims in sizes.values() if dims[2] == 3}
        assert blocks == {networks.index()[member].features}
    assert networks.index()[number].reach == max(depths)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_bytes_do_not_depend_on_bands_or_workers(count, monkeypatch):
    planes = lossless.split(np.asarray(photograph("coffee", 150, 130)))
    small = model.model(model.SMALL)
    expected = encode_planes(planes, Predictor(replace(small, reach=None)))
    monkeypatch.setattr(predict, "BAND_CELLS", 700)
    monkeypatch.setattr(predict, "LEAST_BAND_CELLS", 10)
    with Workers(count) as workers:
        assert encode_planes(planes, Predictor(small, workers)) == expected


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 64))
def test_bands_cover_all_rows_and_bound_the_memory(height, width, count):
    with Workers(count) as workers:
        bands = Predictor(model.model(model.SMALL), workers).bands((1, height, width))
    rows, columns = (height + 1) // 2, (width + 1) // 2
    assert [0, *(end for _, end in bands)] == [*(first for first, _ in bands), rows]
    most = max(end - first for first, end in bands)
    assert most == 1 or most * columns < predict.BAND_CELLS + 2 * columns
