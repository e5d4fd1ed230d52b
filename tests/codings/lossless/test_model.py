"""The tables of the lossless coding: they name their networks, and their hash covers both."""

import hashlib
import io
import json

import numpy as np
import pytest

from pillow_colorgrid.codings.lossless import model
from pillow_colorgrid.codings.lossless.distribution import ROWS
from pillow_colorgrid.codings.lossless.stream import ESCAPE, SYMBOLS
from pillow_colorgrid.entropy import rans
from pillow_colorgrid.errors import NetworkError
from pillow_colorgrid.runtime import networks
from tests.conftest import MODELS

INDEX = {e["id"]: e for e in json.loads((MODELS / "index.json").read_text())["networks"]}
BY_EFFORT = model.MODELS_BY_EFFORT, model.SMALL_MODELS_BY_EFFORT, model.LARGE_MODELS_BY_EFFORT
NUMBERS = sorted({number for numbers in BY_EFFORT for number in numbers.values()})


def tables_of(number):
    return np.load(io.BytesIO((MODELS / INDEX[number]["file"]).read_bytes()))


def test_each_effort_has_a_model():
    for numbers in BY_EFFORT:
        assert sorted(numbers) == list(range(1, 10))
    assert set(NUMBERS) <= set(INDEX)


@pytest.mark.parametrize("number", NUMBERS)
def test_tables_name_their_networks(number):
    names = [INDEX[int(one)]["name"] for one in tables_of(number)["networks"]]
    assert names == ["lossless_" + name for name in model.NAMES]


@pytest.mark.parametrize("number", NUMBERS)
def test_hash_covers_networks_and_frequencies(number):
    tables = tables_of(number)
    hashes = "".join(INDEX[int(one)]["hash"] for one in tables["networks"])
    digest = hashlib.sha256(hashes.encode() + tables["frequencies"].astype("<u2").tobytes())
    assert digest.hexdigest()[:16] == INDEX[number]["hash"]


@pytest.mark.parametrize("number", NUMBERS)
def test_each_row_can_code_everything(number):
    frequencies = tables_of(number)["frequencies"]
    assert frequencies.shape == (3 * ROWS, SYMBOLS)
    assert (frequencies.sum(1, dtype=int) == rans.TOTAL).all()
    assert (frequencies[:, ESCAPE] > 0).all()


def test_damaged_tables_are_refused(monkeypatch):
    number = NUMBERS[0]
    wrong = networks.index()
    damaged = type(wrong[number])(**{**vars(wrong[number]), "sha256": "0" * 64})
    monkeypatch.setattr(networks, "index", lambda: wrong | {number: damaged})
    with pytest.raises(NetworkError, match="damaged"):
        model.model.__wrapped__(number)
