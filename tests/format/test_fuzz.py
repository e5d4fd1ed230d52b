"""15,000 seeded mutations of files of each coding: no wrong pixel, no undocumented exception.

The numbers stand here, so a failure names the mutation that shows it again: its file and its seed.
"""

import random
import sys
import time

import pytest

from pillow_colorgrid import pixels as pillow_pixels
from tests.format.fuzz_open import WrongPixelsError, check, corpus, repair

RAW_MUTATIONS = 10_000
"""Bytes changed, and nothing else: some checksum must notice."""

REPAIRED_MUTATIONS = 5_000
"""The CRCs made right again, so that the decoders themselves must cope."""

SLOW = {
    "lossless": 150,
    "decolorized": 150,
    "decolorized_png": 150,
    "decolorized_webp": 150,
    "grid": 150,
}
"""Repaired mutations of files that networks decode; the other files share the rest."""

MAX_SECONDS_EACH = 10.0

INTERESTING = bytes([0, 1, 7, 8, 9, 127, 128, 254, 255])


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Change `data` in one of the ways in which files are damaged or forged."""
    file = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if not file:
            break
        position = rng.randrange(len(file))
        length = rng.choice((1, 2, 4, rng.randrange(1, 64)))
        kind = rng.randrange(8)
        if kind <= 1:
            file[position] ^= 1 << rng.randrange(8)
        elif kind == 2:
            file[position] = rng.choice(INTERESTING)
        elif kind == 3:
            file[position : position + length] = rng.randbytes(length)
        elif kind == 4:
            del file[position : position + length]
        elif kind == 5:
            file[position:position] = file[position : position + length]
        elif kind == 6:
            del file[position:]
        else:
            # The header and the heads of sections are a small part of a file, yet steer it.
            file[rng.randrange(min(48, len(file)))] = rng.randrange(256)
    return bytes(file)


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[bytes, bytes]]:
    return corpus()


def peak_bytes() -> int:
    resource = pytest.importorskip("resource", reason="peak memory is measured on Unix")
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def test_the_corpus_holds_each_coding(files: dict[str, tuple[bytes, bytes]]) -> None:
    codings = {data[10] for data, _ in files.values()}
    assert codings >= {1, 2, 3, 4, 5}
    for name, (data, pixels) in files.items():
        assert check(data, pixels), name
        assert check(data, pixels, tolerant=True), name
        assert repair(data) == data, name


@pytest.mark.parametrize("tolerant", [False, True])
def test_raw_mutations(files: dict[str, tuple[bytes, bytes]], tolerant: bool) -> None:
    names = sorted(files)
    before = peak_bytes()
    total = RAW_MUTATIONS if not tolerant else 900
    unharmed = 0
    for number in range(total):
        name = names[number % len(names)]
        data, pixels = files[name]
        mutated = mutate(data, random.Random(f"{name} {number}"))
        started = time.monotonic()
        try:
            loads = check(mutated, pixels, tolerant)
        except Exception as error:
            error.add_note(f"raw mutation {number} of {name}")
            raise
        unharmed += loads and mutated != data
        assert time.monotonic() - started < MAX_SECONDS_EACH, f"raw mutation {number} of {name}"
    # Only bytes after the end section may change, or a piece of the file may be put in twice.
    assert tolerant or unharmed < total / 100
    assert peak_bytes() - before < 300 * 2**20


def test_repaired_mutations(files: dict[str, tuple[bytes, bytes]]) -> None:
    before = peak_bytes()
    share = (REPAIRED_MUTATIONS - sum(SLOW.values())) // (len(files) - len(SLOW))
    done = 0
    for name, (data, _) in files.items():
        for number in range(SLOW.get(name, share)):
            mutated = repair(mutate(data, random.Random(f"repaired {name} {number}")))
            started = time.monotonic()
            try:
                check(mutated)
            except Exception as error:
                error.add_note(f"repaired mutation {number} of {name}")
                raise
            assert time.monotonic() - started < MAX_SECONDS_EACH, f"{number} of {name}"
            done += 1
    assert done == REPAIRED_MUTATIONS
    assert peak_bytes() - before < 300 * 2**20


def test_a_planted_fault_is_found(
    files: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    to_image = pillow_pixels.to_image
    monkeypatch.setattr(pillow_pixels, "to_image", lambda p, mode: to_image(p ^ 1, mode))
    data, _ = files["planes_indexed"]
    with pytest.raises(WrongPixelsError, match="checksum"):
        check(data)
