"""What an adaptation saves is told, by some rows, nearly as whole streams tell it."""

from dataclasses import replace

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import coding as lossless, model as lossless_model
from pillow_colorgrid.codings.lossless.clipping import Clipping
from pillow_colorgrid.codings.lossless.encoder import verifying
from pillow_colorgrid.codings.lossless.encoder.encoding import FINE, SECOND
from pillow_colorgrid.codings.lossless.encoder.regression import Fitting, fit
from pillow_colorgrid.codings.lossless.encoder.verifying import Verifying
from pillow_colorgrid.codings.lossless.filling import Held
from pillow_colorgrid.codings.lossless.pieces import TILE, Piece, encode, estimated_bytes
from pillow_colorgrid.codings.lossless.predict import Predictor
from tests.conftest import photograph

SIZE = 151, 123
"""Odd: the last cells lack pixels."""


def adapted(planes: list[np.ndarray]) -> Predictor:
    """By the networks and what is fitted to the picture, whatever it saves."""
    plain = Predictor(lossless_model.model(lossless_model.SMALL))
    adaptation = fit([planes], Fitting((SECOND, FINE)), plain)
    assert adaptation
    return plain.by(replace(plain.model, adaptation=adaptation))


def saved_bytes(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    """What is seen while the tile is coded."""
    verifying = Verifying(planes, piece, predictor)
    coded = encode(planes, piece, verifying)
    assert coded == encode(planes, piece, predictor)
    return verifying.saved_bytes()


def truly_saved(planes: list[np.ndarray], piece: Piece, predictor: Predictor) -> np.ndarray:
    plain = predictor.by(replace(predictor.model, adaptation={}))
    found: np.ndarray = estimated_bytes(planes, piece, plain)
    return found - estimated_bytes(planes, piece, predictor)


@pytest.mark.parametrize("columns", [151, 60])
def test_all_rows_tell_what_streams_do(columns: int) -> None:
    planes = lossless.split(np.asarray(photograph("coffee", *SIZE)))
    predictor = adapted(planes)
    seen = np.zeros((1, *SIZE[::-1]), bool)
    seen[:, 20:, :columns] = True
    piece = replace(TILE, held=Held(seen))
    for one in (TILE, piece):
        assert saved_bytes(planes, one, predictor) == pytest.approx(
            truly_saved(planes, one, predictor), abs=0.01
        )
    assert saved_bytes(planes[:1], TILE, predictor)[1] == 0


def test_some_rows_tell_nearly_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a picture that was enlarged, whose rows repeat."""
    monkeypatch.setattr(verifying, "FEW_CELLS", 100)
    for size in ((300, 240), (100, 80)):
        small = photograph("coffee", *size)
        planes = lossless.split(np.asarray(small.resize((300, 240))))
        predictor = adapted(planes)
        truth = truly_saved(planes, TILE, predictor)
        assert saved_bytes(planes, TILE, predictor) == pytest.approx(truth, rel=0.35, abs=40)


def test_clipped_pixels_are_left_aside() -> None:
    pixels = np.asarray(photograph("coffee", *SIZE)).copy()
    planes = lossless.split(pixels)
    predictor = adapted(planes)
    white = lossless.split(np.full_like(pixels, 255))
    clipping = Clipping((0,) * 6)
    at_work = predictor.by(replace(predictor.model, clipping=clipping))
    assert saved_bytes(white, TILE, at_work)[1] == 0
    assert saved_bytes(white, TILE, predictor)[1] != 0
