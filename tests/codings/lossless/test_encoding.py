"""The encoder keeps of an adaptation what makes the file smaller, and drops what does not."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pillow_colorgrid.codings import tiles
from pillow_colorgrid.codings.lossless import coding as lossless, model as lossless_model, stream
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.encoder import counting, encoding
from pillow_colorgrid.codings.lossless.encoder.encoding import FINE, encode_adapted, encode_planes
from pillow_colorgrid.codings.lossless.encoder.regression import Fitting, fit
from pillow_colorgrid.codings.lossless.pieces import TILE, encode, estimated_bytes
from pillow_colorgrid.codings.lossless.predict import Predictor
from tests.conftest import photograph


def predictor(adaptation=None):
    wide = lossless_model.model(lossless_model.WIDE)
    return Predictor(replace(wide, adaptation=adaptation or {}))


def harmful(plane):
    rng = np.random.default_rng(1)
    return {
        name: Correction(
            rng.integers(-9, 10, (len(one.corrected), 64 + one.inputs + 1)).astype(np.int8),
            np.full(len(one.corrected), 4, np.uint8),
        )
        for name, one in PASSES.items()
        if name.startswith(plane)
    }


@pytest.mark.usefixtures("uncounted")
@pytest.mark.parametrize("edge", [1024, 96])
def test_a_harmful_adaptation_is_dropped(edge, monkeypatch):
    monkeypatch.setattr(tiles, "MAX_EDGE", edge)
    planes = lossless.split(np.asarray(photograph("chelsea", 150, 100)))
    adaptation = harmful("luminance") | harmful("color")
    monkeypatch.setattr(encoding, "fit", lambda *_: adaptation)
    found = encode_adapted(planes, predictor(), 5)
    assert found == [*encode_planes(planes, predictor()).sections()]


@pytest.mark.usefixtures("uncounted")
def test_luminance_and_colour_are_judged_apart(monkeypatch):
    planes = lossless.split(np.asarray(photograph("chelsea", 400, 300)))
    good = {
        name: one
        for name, one in fit([planes], Fitting((FINE,)), predictor()).items()
        if name.startswith("color")
    }
    assert good
    monkeypatch.setattr(encoding, "fit", lambda *_: harmful("luminance") | good)
    found = encode_adapted(planes, predictor(), 5)
    adaptation, *streams = found
    assert adaptation == encoding.pack_adaptation(good)[0]
    assert streams == [*encode_planes(planes, predictor(good)).sections()]


@pytest.mark.parametrize("size", [(300, 200), (60, 50)])
def test_the_estimate_is_near_the_truth(size):
    planes = lossless.split(np.asarray(photograph("coffee", *size)))
    coded = encode(planes, TILE, predictor())
    sizes = [len(coded.luminance), len(coded.color)]
    assert estimated_bytes(planes, TILE, predictor()) == pytest.approx(sizes, rel=0.002, abs=8)
    assert estimated_bytes(planes[:1], TILE, predictor()) == pytest.approx(
        [sizes[0], 0], rel=0.002, abs=8
    )


@pytest.mark.parametrize(("counts", "most"), [(False, 150), (True, 260)])
def test_what_networks_said_of_a_tile_is_not_kept(counts, most, monkeypatch):
    """In bytes for each pixel of a tile: all that they say of one would be 150 more.

    Where counts may pay, that of the colour of one of the tiles is kept, once.
    """
    monkeypatch.setattr(tiles, "MAX_EDGE", 256)
    monkeypatch.setattr(counting, "may_pay", lambda *_: counts)
    monkeypatch.setattr(encoding, "UNSURE", 1)
    monkeypatch.setattr(encoding, "fit", lambda *_: harmful("luminance") | harmful("color"))
    planes = lossless.split(np.asarray(photograph("coffee", 512, 200)))
    at_work = predictor()
    encode_planes(planes, at_work)
    frequencies = at_work.model.frequencies
    _made_once = stream.prices(frequencies), frequencies.bounds
    tracemalloc.start()
    encode_adapted(planes, at_work, 6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most * 256 * 200
