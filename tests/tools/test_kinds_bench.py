"""The table by kinds: every codec gives back what it took; a run that was ended goes on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import noise, photograph
from tools.bench import kinds


def pictures(folder: Path) -> None:
    folder.mkdir()
    small = photograph("coffee", 40, 30)
    small.save(folder / "rgb.png")
    small.quantize(9).save(folder / "p.png", transparency=3)
    small.convert("L").point(lambda v: 255 * (v > 99), "1").save(folder / "bits.png")
    noise("RGBA", (9, 8)).save(folder / "rgba.png")
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)).save(folder / "wide.png")


def test_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "made")
    out = tmp_path / "kinds.tsv"
    arguments = ["kinds", f"some={tmp_path / 'made'}", "--out", str(out)]
    codecs = ["PNG", "WebP m6", "JPEG XL e7", "CGX e1"]
    monkeypatch.setattr("sys.argv", [*arguments, "--codecs", *codecs[:2]])
    kinds.main()
    measured: list[str] = []
    measure = kinds.measure
    monkeypatch.setattr(kinds, "measure", lambda i, n: measured.append(n) or measure(i, n))
    monkeypatch.setattr("sys.argv", [*arguments, "--codecs", *codecs])
    kinds.main()
    assert set(measured) == {"JPEG XL e7", "CGX e1", "WebP m6"}  # WebP has nothing for 16 bits
    rows = kinds.read(out)
    assert len(rows) == len({(row["picture"], row["codec"]) for row in rows}) == 5 + 4 + 5 + 5
    lines = kinds.read(tmp_path / "kinds_summary.tsv")
    assert [line["codec"] for line in lines] == codecs
    assert {line["pictures"] for line in lines} == {"4"}
    (own,) = (line for line in lines if line["codec"] == "CGX e1")
    expected = sum(
        int(r["size_bytes"]) for r in rows if r["codec"] == "CGX e1" and r["picture"] != "wide.png"
    )
    assert int(own["size_bytes"]) == expected


def test_other_pixels_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    takes, encode, decode, agree = kinds.CODECS["PNG"]
    wrong = takes, encode, lambda data: decode(data) + np.uint8(1), agree
    monkeypatch.setitem(kinds.CODECS, "PNG", wrong)
    with pytest.raises(ValueError, match="does not give back"):
        kinds.measure(photograph("coffee", 9, 8), "PNG")
