"""Seeded mutations of files of each coding: no wrong pixel, no undocumented exception.

Bytes that are changed and nothing else, so that some checksum must notice; and files forged so that
all checksums are right (`forging`), so that the decoders themselves must cope. A failure names the
mutation that shows it again: its file and its number. `long_fuzz` does the second by the 100,000.
"""

import io
import random
import sys
import time

import pytest

from pillow_colorgrid import container, pixels as pillow_pixels
from pillow_colorgrid.codings import registry
from pillow_colorgrid.frames.directory import open_directory
from tests.format import forging
from tests.format.corpus import corpus
from tests.format.forging import mutate
from tests.format.fuzz_open import WrongPixelsError, check, repair
from tests.format.long_fuzz import mutation

RAW_MUTATIONS, TOLERANT_MUTATIONS = 3_000, 600

FORGED_MUTATIONS = 600

MAX_SECONDS_EACH = 10.0
"""Of processor time."""


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[bytes, bytes]]:
    return corpus()


def peak_bytes() -> int:
    resource = pytest.importorskip("resource", reason="peak memory is measured on Unix")
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def test_the_corpus_holds_each_coding(files: dict[str, tuple[bytes, bytes]]) -> None:
    codings = {data[10] for data, _ in files.values()}
    assert codings >= {1, 2, 3, 4, 5, 6}
    for name, (data, _) in files.items():
        coding = registry.of(container.read_header(io.BytesIO(data))).name
        own = "small" if name.startswith("small") and coding == "lossless" else coding
        assert name.startswith(("frames", own)), f"{name} is of the coding {coding}"
    joined = open_directory(io.BytesIO(files["frames_joined"][0])).index
    assert joined is not None
    assert joined.joined
    sections = {s.type for data, _ in files.values() for s in forging.parsed(data)[1]}
    assert sections >= {t for coding in registry.all_codings() for t in coding.section_names}
    for name, (data, pixels) in files.items():
        assert check(data, pixels), name
        assert check(data, pixels, tolerant=True), name
        assert repair(data) == data, name
        assert forging.packed(*forging.parsed(data)) == data, name


@pytest.mark.parametrize("tolerant", [False, True])
def test_raw_mutations(files: dict[str, tuple[bytes, bytes]], tolerant: bool) -> None:
    names = sorted(files)
    before = peak_bytes()
    total = TOLERANT_MUTATIONS if tolerant else RAW_MUTATIONS
    unharmed = 0
    for number in range(total):
        name = names[number % len(names)]
        data, pixels = files[name]
        mutated = mutate(data, random.Random(f"{name} {number}"))
        started = time.process_time()
        try:
            loads = check(mutated, pixels, tolerant)
        except Exception as error:
            error.add_note(f"raw mutation {number} of {name}")
            raise
        unharmed += loads and mutated != data
        assert time.process_time() - started < MAX_SECONDS_EACH, f"raw mutation {number} of {name}"
    # Only bytes after the end section may change, or a piece of the file may be put in twice.
    assert tolerant or unharmed < total / 100
    assert peak_bytes() - before < 300 * 2**20


def test_forged_files(files: dict[str, tuple[bytes, bytes]]) -> None:
    before = peak_bytes()
    names = sorted(files)
    loaded = 0
    for count in range(FORGED_MUTATIONS):
        number, which = divmod(count, len(names))
        forged = mutation(files, names[which], number)
        started = time.process_time()
        try:
            loaded += check(forged)
        except Exception as error:
            error.add_note(f"forged {names[which]} {number}")
            raise
        assert time.process_time() - started < MAX_SECONDS_EACH, f"{number} of {names[which]}"
    # What is forged well enough loads: the pixels are those that it states, or states none.
    assert 0 < loaded < FORGED_MUTATIONS / 4
    assert peak_bytes() - before < 300 * 2**20


def test_forgers_reach_what_is_packed(files: dict[str, tuple[bytes, bytes]]) -> None:
    """Each kind of inner file is changed into another one that its own reader can begin to read."""
    for magic, change in forging.INSIDES:
        name = next(name for name, (data, _) in sorted(files.items()) if magic in data)
        payloads = [s.payload for s in forging.parsed(files[name][0])[1] if magic in s.payload]
        inner = payloads[0][payloads[0].index(magic) :]
        changed = {change(inner, random.Random(seed)) for seed in range(50)}
        assert len(changed) > 25
        assert sum(one.startswith(magic) for one in changed) > 25


def test_a_planted_fault_is_found(
    files: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    to_image = pillow_pixels.to_image
    monkeypatch.setattr(pillow_pixels, "to_image", lambda p, mode: to_image(p ^ 1, mode))
    data, _ = files["planes_indexed"]
    with pytest.raises(WrongPixelsError, match="checksum"):
        check(data)
