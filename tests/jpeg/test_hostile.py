"""JPEG files that were made to cost time or memory: refused, or read exactly, and soon.

All cases, with times and memory: ``python -m tools.bench.jpeg_hostile``.
"""

import time

import pytest

from pillow_colorgrid.jpeg import file
from pillow_colorgrid.jpeg.errors import UnsupportedJpegError
from tools.data.hostile_jpegs import CASES

REFUSED = {
    "65500 x 65500 pixels in 1 KB": "at most",
    "65500 x 8": "blocks: damaged or cut off",
    "8 x 65500": "blocks: damaged or cut off",
    "4000 x 4000, 40 KB of zeros": "ends before its last block",
    "scan of 8 MB of noise, no end": "a reserved frame",
    "scan of 8 MB of zeros": "are not rebuilt",
    "5,000 scans": "more than 100 scans",
    "20 MB of noise behind FF D8": "FF|segment",
    "no scan": "no scan",
}

MOST_S = 30
"""Of the processor; each of them takes less than 3 s on a slow machine."""


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_soon(name: str) -> None:
    data = next(case for case in CASES if case.name == name).make()
    begin = time.process_time()
    with pytest.raises(UnsupportedJpegError, match=REFUSED[name]):
        file.read_exact(data)
    assert time.process_time() - begin < MOST_S


def test_megabytes_behind_the_end_are_kept() -> None:
    data = next(case for case in CASES if case.name == "30 MB of zeros behind the end").make()
    begin = time.process_time()
    assert file.write(*file.read_exact(data)) == data
    assert time.process_time() - begin < MOST_S
