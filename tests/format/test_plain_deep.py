"""The plain decoder of the deep coding and the package show the same samples."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import GOLDEN
from tests.format import plain_deep_decoder

FILES = sorted(path.name for path in GOLDEN.glob("1.1-deep-*.cgx"))


@pytest.mark.parametrize("name", FILES)
def test_plain_decoder_agrees(name: str) -> None:
    with Image.open(GOLDEN / name) as picture:
        wanted = np.asarray(picture)
        assert picture.info["cgx"]["coding"] == "deep"
    found = plain_deep_decoder.decode((GOLDEN / name).read_bytes())
    assert found.tobytes() == wanted.astype(found.dtype).tobytes()


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 3
