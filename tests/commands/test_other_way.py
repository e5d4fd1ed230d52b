"""What is advised where there is no JPEG file to give back, works."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pillow_colorgrid.commands.animation import TIFF_MODES
from pillow_colorgrid.commands.cli import main


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    samples = np.random.default_rng(1).integers(
        0, 256, len(Image.new(mode, size).tobytes()), np.uint8
    )
    found = Image.frombytes(mode, size, samples.tobytes())
    if mode in ("P", "PA"):
        found.putpalette(bytes(range(256)) * 3)
    return found


FRAMES = {
    "sizes": [noise("RGB", (9, 7)), noise("RGB", (5, 7))],
    "modes": [noise("RGB", (9, 7)), noise("1", (9, 7)), noise("CMYK", (9, 7))],
    "grey": [noise("L", (9, 7)), noise("1", (9, 7))],
    "colour": [noise("RGB", (9, 7)), noise("RGBA", (9, 7)), noise("P", (9, 7))],
}


@pytest.mark.parametrize("kind", [*sorted(TIFF_MODES), *FRAMES])
def test_the_format_that_is_named_holds_the_pixels(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.cgx"
    first, *rest = FRAMES[kind] if kind in FRAMES else [noise(kind, (9, 7))]
    first.save(source, save_all=bool(rest), append_images=rest)
    assert main(["convert", str(source), "--to", "original"]) == 1
    said = capsys.readouterr().err
    assert "gives the pixels" in said
    to = said.split("--to ")[1].split()[0]
    assert main(["convert", str(source), "--to", to]) == 0
    with Image.open(source.with_suffix(f".{to}")) as image, Image.open(source) as kept:
        if image.mode != kept.mode:  # of several, PNG takes the one that holds all
            assert (kind, image.mode) == ("colour", "RGBA")
        assert image.tobytes() == kept.convert(image.mode).tobytes()


def test_a_mode_that_no_other_format_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise("HSV", (9, 7)).save(tmp_path / "a.cgx")
    assert main(["convert", str(tmp_path / "a.cgx"), "--to", "original"]) == 1
    assert "no other format holds mode HSV" in capsys.readouterr().err
