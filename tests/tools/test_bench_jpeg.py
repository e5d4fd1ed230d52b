"""The comparison of JPEG codecs, on tiny files: it runs, verifies, and counts whole files."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import photograph
from tools.bench import jpeg, jpeg_codecs, jpeg_tables
from tools.bench.jpeg_codecs import Codec, Sample


def run(*arguments: str | int | Path) -> int:
    return jpeg.main([str(argument) for argument in arguments])


def lines_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures; in files/ a JPEG file, one of CMYK, and what is none."""
    path = tmp_path_factory.mktemp("pictures")
    photograph("coffee", 96, 64).save(path / "a.png")
    photograph("astronaut", 64, 96).save(path / "b.png")
    files = path / "files"
    files.mkdir()
    photograph("coffee", 80, 56).save(files / "camera.jpg", quality=90)
    photograph("coffee", 40, 40).convert("CMYK").save(files / "press.jpg")
    (files / "notes.jpg").write_text("no picture")
    (path / "origins.tsv").write_text("file\torigin\tpath\ncamera.jpg\ta wheel\tdata/c.jpg\n")
    return path


@pytest.fixture(scope="module")
def out(folder: Path) -> Path:
    """The table of one run over all of `folder`."""
    path = folder / "out" / "jpeg.tsv"
    status = run(
        *("--images", folder, "--qualities", 75, "--subsampling", 420, "--apart", "b"),
        *("--files", folder / "files", "--origins", folder / "origins.tsv"),
        *("--note", "tiny pictures", "--out", path),
    )
    assert status == 0
    assert "notes.jpg" not in {row["file"] for row in lines_of(path)}
    return path


def test_sizes_are_those_of_whole_files(folder: Path, out: Path, tmp_path: Path) -> None:
    rows = {(r["file"], r["quality"], r["codec"]): r for r in lines_of(out)}
    with Image.open(folder / "a.png") as image:
        image.save(tmp_path / "a.jpg", quality=75, subsampling="4:2:0")
        image.save(tmp_path / "o.jpg", quality=75, subsampling="4:2:0", optimize=True)
    with Image.open(tmp_path / "a.jpg") as image:
        image.save(tmp_path / "a.cgx")
    for name, file in (("JPEG", "a.jpg"), ("JPEG optimize", "o.jpg"), ("CGX", "a.cgx")):
        row = rows["a.png", "75", name]
        assert int(row["size_bytes"]) == (tmp_path / file).stat().st_size
        assert int(row["jpeg_bytes"]) == (tmp_path / "a.jpg").stat().st_size
        assert not row["refused"]
    assert rows["a.png", "75", "CGX"]["kept_as"] == "coefficients"
    assert rows["a.png", "75", "JPEG XL e9"]["restored"] == "yes"
    assert rows["a.png", "75", "JPEG optimize"]["restored"] == "another JPEG"
    assert rows["camera.jpg", "", "CGX"]["origin"] == "a wheel: data/c.jpg"
    assert ("camera.jpg", "", "JPEG optimize") not in rows


def test_what_a_codec_does_not_take_counts_as_the_jpeg(out: Path) -> None:
    rows = {(r["file"], r["codec"]): r for r in lines_of(out)}
    row = rows["press.jpg", "JPEG XL e7"]
    assert row["refused"].startswith("ValueError")
    assert (row["restored"], row["size_bytes"]) == ("no", row["jpeg_bytes"])


def test_summary_sums_bytes(out: Path) -> None:
    lines = {
        (line["group"].split(", ")[-1], line["quality"], line["codec"]): line
        for line in lines_of(out.with_name("jpeg_summary.tsv"))
    }
    rows = [r for r in lines_of(out) if (r["group"], r["codec"]) == ("files", "CGX")]
    line = lines["files", "", "CGX"]
    jpeg_bytes = sum(int(row["jpeg_bytes"]) for row in rows)
    size_bytes = sum(int(row["size_bytes"]) for row in rows)
    assert (int(line["jpeg_bytes"]), int(line["size_bytes"])) == (jpeg_bytes, size_bytes)
    expected = 100 * (size_bytes / jpeg_bytes - 1)
    assert float(line["percent_of_jpeg"]) == pytest.approx(expected, abs=0.01)
    assert lines["files", "", "JPEG XL e7"]["refused"] == "1"
    assert lines["files", "", "JPEG XL e9"]["percent_of_jpeg_xl_e9"] == "+0.00"
    assert ("b.png", "75", "CGX") in lines
    text = out.with_name("jpeg_summary.tsv").read_text()
    assert text.startswith("# tiny pictures\n")
    assert out.with_suffix(".png").stat().st_size > 1000


def test_resumed_run_measures_only_what_is_missing(folder: Path, out: Path) -> None:
    copy = out.with_name("part.tsv")
    text = out.read_text().splitlines(keepends=True)
    copy.write_text("".join(line for line in text if "b.png" not in line))
    before = {row.key(): row for row in jpeg_tables.read_rows(copy)}
    only = ("--images", folder, "--qualities", 75, "--codecs", "JPEG")
    assert run("--resume", *only, "--out", copy) == 0
    after = {row.key(): row for row in jpeg_tables.read_rows(copy)}
    assert {key: after[key] for key in before} == before
    assert [row.file for key, row in after.items() if key not in before] == ["b.png"]
    assert run("--resume", "--again", "JPEG", "CGX", *only, "--out", copy) == 0
    left = {row.key() for row in jpeg_tables.read_rows(copy)}
    gone = {key for key in after if key not in left}
    assert {key[-1] for key in gone} == {"JPEG", "CGX"}
    assert not {key for key in gone if key[-1] == "JPEG" and key[1].endswith(".png")}


@pytest.mark.parametrize("wrong", ["pixels", "restore"])
def test_wrong_files_do_not_count(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photograph("coffee", 32, 32)
    image.save(tmp_path / "a.jpg")
    loaded = jpeg_codecs.loaded
    codec = Codec(
        ".bin",
        lambda sample, target: target.write_bytes(b"1"),
        lambda path: Image.new("RGB", (32, 32)) if wrong == "pixels" else shown,
        lambda path: b"another file",
        lambda path: shown,
    )
    monkeypatch.setitem(jpeg_codecs.CODECS, "broken", codec)
    shown = loaded(tmp_path / "a.jpg")
    found = jpeg.Found(Sample(tmp_path / "a.jpg", image, {}), "here", "a.jpg")
    row = jpeg.measure(found, "broken", shown, tmp_path, 1)
    assert (
        row.refused
        == {
            "pixels": "ValueError: other pixels",
            "restore": "ValueError: another JPEG file is given back",
        }[wrong]
    )
    assert row.size_bytes == row.jpeg_bytes
