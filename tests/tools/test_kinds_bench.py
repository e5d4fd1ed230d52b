"""The table by kinds: every codec gives back what it took; a run that was ended goes on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import noise, photograph
from tools.bench import kinds
from tools.data import turned


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
    of_kind, of_all = lines[: len(codecs)], lines[len(codecs) :]
    assert [line["codec"] for line in of_kind] == codecs
    assert [line["codec"] for line in of_all[:-1]] == codecs
    assert {line["kind"] for line in of_all} == {"all"}
    assert of_all[-1]["codec"].startswith("the smaller of ")
    assert {line["pictures"] for line in lines} == {"4"}
    assert of_kind[1]["above_rival"] == of_all[-1]["above_rival"] == "+0.00%"
    (own,) = (line for line in of_kind if line["codec"] == "CGX e1")
    expected = sum(
        int(r["size_bytes"]) for r in rows if r["codec"] == "CGX e1" and r["picture"] != "wide.png"
    )
    assert int(own["size_bytes"]) == expected


def test_group_4_is_summed_up_where_all_pictures_are_of_one_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(tmp_path / "mixed")
    (tmp_path / "bits").mkdir()
    shutil.copy(tmp_path / "mixed" / "bits.png", tmp_path / "bits")
    folders = [str(tmp_path / "mixed"), str(tmp_path / "bits")]
    arguments = ["kinds", *folders, "--out", str(tmp_path / "kinds.tsv")]
    monkeypatch.setattr("sys.argv", [*arguments, "--codecs", "PNG", kinds.GROUP_4])
    kinds.main()
    lines = kinds.read(tmp_path / "kinds_summary.tsv")
    found = [(line["kind"], line["codec"], line["pictures"]) for line in lines]
    assert [one for one in found if one[1] == kinds.GROUP_4] == [("bits", kinds.GROUP_4, "1")]
    assert ("mixed", "PNG", "5") in found


def test_other_pixels_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    takes, encode, decode, agree = kinds.CODECS["PNG"]
    wrong = takes, encode, lambda data: decode(data) + np.uint8(1), agree
    monkeypatch.setitem(kinds.CODECS, "PNG", wrong)
    with pytest.raises(ValueError, match="does not give back"):
        kinds.measure(photograph("coffee", 9, 8), "PNG")


def row(kind: str, codec: str, size_bytes: int) -> dict[str, str]:
    about = ("1.png", "L", "9", "9", codec, str(size_bytes), "1", "1")
    return dict(zip(kinds.COLUMNS, (kind, *about), strict=True))


def test_all_kinds_meet_the_smaller_rival_of_each() -> None:
    """100 and 50 bytes are the smaller ones; a kind that a codec lacks leaves it out at last."""
    rows = [
        *(row("a", *found) for found in (("WebP m6", 100), ("JPEG XL e9", 120), ("CGX e5", 90))),
        *(row("b", *found) for found in (("JPEG XL e9", 50), ("CGX e5", 30))),
    ]
    lines = {(line["kind"], line["codec"]): line for line in kinds.summary(rows)}
    assert lines["a", "CGX e5"]["above_rival"] == "-10.00%"
    assert lines["b", "CGX e5"]["above_rival"] == "-40.00%"
    assert lines["all", "CGX e5"]["above_rival"] == "-20.00%"
    assert lines["all", "JPEG XL e9"]["above_rival"] == "+13.33%"
    assert lines["all", "CGX e5"]["pictures"] == 2
    assert ("all", "WebP m6") not in lines


@pytest.mark.parametrize("codec", ["PNG", "WebP m6", "JPEG XL e7", "CGX e1"])
def test_cmyk_is_four_samples_to_all(codec: str) -> None:
    samples = noise("RGBA", (20, 10)).tobytes()
    found = kinds.measure(Image.frombytes("CMYK", (20, 10), samples), codec)
    assert found is not None
    assert found[0] > 800


def test_arrays_are_pictures_of_16_bits(tmp_path: Path) -> None:
    np.save(tmp_path / "ct.npy", np.arange(600, dtype=np.uint16).reshape(20, 30) * 99)
    ((name, image),) = kinds.found(tmp_path)
    assert (name, image.mode, image.size) == ("ct.npy", "I;16", (30, 20))


def test_turned_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of one bit, the second of them dithered; CMYK by a profile."""
    (tmp_path / "pages").mkdir()
    for name in "ab":
        photograph("coffee", 40, 30).save(tmp_path / "pages" / f"{name}.png")
    command = ["turned", "bits", str(tmp_path / "pages"), "--out", str(tmp_path / "bits")]
    monkeypatch.setattr("sys.argv", command)
    turned.main()
    (_, cut), (_, dithered) = kinds.found(tmp_path / "bits")
    assert cut.mode == dithered.mode == "1"
    light = np.asarray(photograph("coffee", 40, 30).convert("L")) > 127
    assert np.array_equal(np.asarray(cut) != 0, light)
    assert not np.array_equal(np.asarray(dithered) != 0, light)
    monkeypatch.setattr("sys.argv", [command[0], "cmyk", *command[2:]])
    with pytest.raises(SystemExit):
        turned.main()
