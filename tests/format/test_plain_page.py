"""A page with photographs, decoded by a second decoder that was written from FORMAT.md alone."""

import struct

import numpy as np
from PIL import Image

from tests.conftest import GOLDEN
from tests.format.plain_frames_decoder import sections_at
from tests.format.plain_page_decoder import decode

PAGE = GOLDEN / "1.1-stored-rectangles.cgx"


def test_golden_page() -> None:
    with Image.open(PAGE) as image:
        expected = np.asarray(image)
    assert np.array_equal(decode(PAGE.read_bytes()), expected)


def test_the_golden_page_shows_all_there_is() -> None:
    payloads = [p for name, p, _ in sections_at(PAGE.read_bytes(), 36) if name == b"RECT"]
    assert {struct.unpack_from("<HHHHB", payload)[4] for payload in payloads} == {3, 6}
