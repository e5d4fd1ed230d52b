"""The wheel in an empty virtual environment: the networks are inside, pictures open."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

STRANGER = """
import pillow_colorgrid, pillow_colorgrid.commands.convert, sys
from PIL import Image
import importlib.util
assert importlib.util.find_spec("torch") is None
image = Image.radial_gradient("L").convert("RGB").resize((90, 70))
for mode in ("lossless", "decolorized"):
    image.save("x.cgx", mode=mode)
    back = Image.open("x.cgx")
    assert back.tobytes() == image.tobytes() and back.mode == "RGB"
image.save("y.cgx", mode="decolorized", inner="png", predict="always")
assert Image.open("y.cgx").tobytes() == image.tobytes()
print(pillow_colorgrid.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # A copy: setuptools builds in the source tree, where another test process may be building.
    source = tmp_path_factory.mktemp("source")
    for name in ("pillow_colorgrid", "models"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_the_networks_and_little_else(wheel: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    assert "pillow_colorgrid/models/index.json" in names
    assert "pillow_colorgrid/models/a_decoder_1.onnx" in names
    assert "pillow_colorgrid/py.typed" in names
    assert "pillow_colorgrid/share/cgx.xml" in names
    assert "pillow_colorgrid/commands/inspection.html" in names
    assert "pillow_colorgrid/contrib/willow.py" in names
    assert not [name for name in names if name.startswith(("tests", "tools"))]
    assert wheel.stat().st_size < 8e6


def test_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    done = subprocess.run(
        [python, "-c", STRANGER], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert str(tmp_path / "venv") in done.stdout
