"""Two releases beside each other: each by its own package; what is wrong stops the bench."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import photograph
from tools.bench import kinds, releases

ROOT = Path(__file__).resolve().parents[2]


def test_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout beside itself: the same bytes; pictures are spread over the folder."""
    for name in "abcdef":
        photograph("coffee", 20, 10).save(tmp_path / f"{name}.png")
    out = tmp_path / "releases.tsv"
    command = ["releases", f"some={tmp_path}", "--earlier", str(ROOT), "--most", "2"]
    monkeypatch.setattr("sys.argv", [*command, "--out", str(out)])
    monkeypatch.setattr(releases, "ROUNDS", 1)
    releases.main()
    rows = kinds.read(out)
    assert [(row["kind"], row["picture"]) for row in rows] == [("some", "b.png"), ("some", "e.png")]
    for row in rows:
        assert row["bytes"] == row["earlier_bytes"]
        assert 0 < int(row["bytes"]) < 600
        assert float(row["encode_ms"]) > 0


def test_another_package_is_an_error(tmp_path: Path) -> None:
    """A folder without a package: that of the environment is not taken for it."""
    photograph("coffee", 9, 9).save(tmp_path / "a.png")
    with pytest.raises(subprocess.CalledProcessError):
        releases.measured(tmp_path, tmp_path / "a.png")
