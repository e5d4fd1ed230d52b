"""What the package tells the logger of its name, and that nobody hears of it unasked."""

import io
import logging
import subprocess
import sys
import warnings

import pytest
from PIL import Image

from pillow_colorgrid.runtime import networks
from tests.conftest import photograph


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="pillow_colorgrid")
    return caplog


def saved(picture: Image.Image, **keywords: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "CGX", **keywords)
    return file.getvalue()


def test_it_tells_coding_sizes_and_networks(log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_sessions", {})
    picture = photograph("coffee", 96, 80)
    data = saved(picture)
    told = log.text
    assert "by the networks" in told
    assert f"saved 96x80 RGB as lossless: {len(data)} bytes" in told
    assert "all planes" in told
    assert "CPUExecutionProvider" in told
    log.clear()
    Image.open(io.BytesIO(data)).load()
    assert "decoded lossless of 96x80 RGB" in log.text
    assert {record.levelno for record in log.records} == {logging.DEBUG}
    assert all(record.name.startswith("pillow_colorgrid.") for record in log.records)


@pytest.mark.parametrize(
    ("mode", "size", "told"),
    [
        ("RGB", (70, 60), "stored: a drawing"),
        ("PA", (9, 9), "planes: no network knows mode PA"),
    ],
)
def test_it_tells_why(mode: str, size: tuple[int, int], told: str, log) -> None:
    saved(Image.new(mode, size))
    assert told in log.text


def test_a_provider_that_is_not_there_is_a_warning(log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_sessions", {})
    monkeypatch.setattr(networks, "_warned_of", set())
    monkeypatch.setenv("PILLOW_COLORGRID_PROVIDERS", "AbsentExecutionProvider")
    with pytest.warns(RuntimeWarning, match="AbsentExecutionProvider not available"):
        saved(photograph("coffee", 32, 32), effort=1)
    (warned,) = [record for record in log.records if record.levelno > logging.DEBUG]
    assert warned.levelname == "WARNING"
    assert "the CPU computes instead" in warned.getMessage()


def test_a_provider_that_does_not_start_is_a_warning(log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Onnxruntime then computes with the next one, and says so in its own log alone."""

    class Opened:
        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(networks, "_warned_of", set())
    network = networks.index()[1]
    for _ in range(2):
        asked = ("CUDAExecutionProvider", "CPUExecutionProvider")
        networks._tell(network, Opened(), asked, 1, 0.01)  # type: ignore[arg-type]
    (warned,) = [record for record in log.records if record.levelno > logging.DEBUG]
    assert "could not start CUDAExecutionProvider" in warned.getMessage()


SILENT = """
import io, logging, sys
import pillow_colorgrid
from PIL import Image
if sys.argv[1:]:
    logging.basicConfig(level=sys.argv[1])
file = io.BytesIO()
Image.effect_noise((40, 40), 9).convert("RGB").save(file, "CGX", effort=1)
Image.open(file).load()
"""


@pytest.mark.parametrize(("level", "lines"), [(None, 0), ("INFO", 0), ("DEBUG", 5)])
def test_nothing_is_printed_unasked(level: str | None, lines: int) -> None:
    arguments = [level] if level else []
    done = subprocess.run(
        [sys.executable, "-c", SILENT, *arguments], capture_output=True, text=True, check=True
    )
    own = [line for line in done.stderr.splitlines() if ":pillow_colorgrid." in line]
    assert len(own) >= lines
    assert lines or done.stderr == done.stdout == ""


def test_a_user_may_turn_warnings_into_errors(log) -> None:
    """The log is beside warnings, not instead of them; neither is in the way of the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saved(photograph("coffee", 32, 32), effort=1)
