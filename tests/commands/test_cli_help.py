"""cgx --help, docs/cli.md, shell completion, the time that cgx --version takes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pillow_colorgrid.commands import cli, reference
from pillow_colorgrid.commands.cli import main
from tests.conftest import ROOT


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="argparse's layout changes")
def test_docs_are_made_of_the_help() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == reference.page()


@pytest.mark.parametrize("name", reference.commands())
def test_help_teaches_by_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert name == "uninstall-desktop" or f"  cgx {name}" in said
    assert max(map(len, said.splitlines())) <= 100


def test_every_command_is_in_the_documentation() -> None:
    documented = (ROOT / "docs" / "cli.md").read_text()
    assert all(f"## cgx {name}\n" in documented for name in reference.commands())


def test_exit_statuses_are_told() -> None:
    assert "exit status: 0 all done, 1 a file failed" in cli.parser().format_help()


def test_bash_completes() -> None:
    pytest.importorskip("shtab")
    if not shutil.which("bash"):
        pytest.skip("no bash here")
    script = subprocess.run(
        [sys.executable, "-m", "pillow_colorgrid", "completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ask = (
        'complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'COMP_LINE="$*"; $(complete -p cgx | sed "s/.*-F \\([^ ]*\\).*/\\1/") cgx "${@: -1}"; '
        'echo "${COMPREPLY[@]}"; }\n'
        "complete_words cgx ver\ncomplete_words cgx convert --eng\n"
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["verify", "--engine"]


def test_a_missing_library_is_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert 'pip install "pillow_colorgrid[cli]"' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    assert main(["verify", "s3://bucket/x.cgx"]) == 2
    assert 'pip install "pillow_colorgrid[remote]"' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["convert", str(ROOT / "README.md"), "--engine", "dask"]) == 2
    assert 'pip install "pillow_colorgrid[dist]"' in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m pillow_colorgrid --help | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_start_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom pillow_colorgrid.commands.cli import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'onnxruntime', 'zstandard', 'fsspec', 'distributed', 'tqdm'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
