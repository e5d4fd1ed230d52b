"""A page with photographs, decoded by a second decoder that was written from FORMAT.md alone."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.codings.stored.gradients import unpack
from tests.conftest import GOLDEN
from tests.format.plain_frames_decoder import sections_at
from tests.format.plain_page_decoder import decode

PAGE = GOLDEN / "1.1-stored-rectangles.cgx"
SLIDE = GOLDEN / "1.1-stored-gradients.cgx"


@pytest.mark.parametrize("path", [PAGE, SLIDE], ids=["page", "slide"])
def test_golden_page(path: Path) -> None:
    with Image.open(path) as image:
        expected = np.asarray(image)
    assert np.array_equal(decode(path.read_bytes()), expected)


def test_the_golden_slide_shows_all_there_is() -> None:
    (payload,) = (p for name, p, _ in sections_at(SLIDE.read_bytes(), 36) if name == b"GRAD")
    with Image.open(SLIDE) as image:
        gradients = unpack(payload, image.size, 3)
    assert {gradient.dithered for gradient in gradients.found} == {False, True}
    assert gradients.shaded is not None
    assert len(gradients.columns) > 1
    assert len(gradients.rows) > 1


def test_the_golden_page_shows_all_there_is() -> None:
    payloads = [p for name, p, _ in sections_at(PAGE.read_bytes(), 36) if name == b"RECT"]
    assert {struct.unpack_from("<HHHHB", payload)[4] for payload in payloads} == {3, 6}
