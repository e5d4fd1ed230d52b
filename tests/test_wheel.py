"""What an index would get: complete, checked as an index does, and working where nothing else is.

The wheel is built out of the source distribution, so whatever that lacks is missing here, too.
"""

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from configparser import ConfigParser
from email import message_from_bytes
from pathlib import Path

import pytest
from trove_classifiers import classifiers

from tests.conftest import MODELS, ROOT
from tests.sources import copy_of_source

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

CONSUMER = """
from pathlib import Path

from PIL import Image

import pillow_colorgrid
from pillow_colorgrid.contrib import file_types

file_types.register_mimetypes()
pillow_colorgrid.register_cgx_opener(providers=["CPUExecutionProvider"], threads=1)
picture: Image.Image = Image.new("RGB", (8, 8))
pillow_colorgrid.save(picture, "a.cgx", mode="lossless", effort=9, comment="typed")
try:
    restored: bytes = pillow_colorgrid.jpeg_bytes(Path("a.cgx"))
    opened = Image.open("a.cgx")
    assert isinstance(opened, pillow_colorgrid.CgxImageFile)
    frames: int = opened.n_frames
except (pillow_colorgrid.TruncatedError, pillow_colorgrid.CgxError) as error:
    reason: str = str(error)
"""

MISUSES = {
    "effort=9": "effort='9'",
    "restored: bytes": "restored: str",
    "pillow_colorgrid.TruncatedError": "pillow_colorgrid.CutError",
}

ROOT_PAGES = ("CHANGELOG.md", "FORMAT.md", "README.md", "SECURITY.md")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both."""
    folder = tmp_path_factory.mktemp("dist")
    source = copy_of_source(tmp_path_factory.mktemp("build") / "source")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked into an empty folder."""
    (path,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("stranger") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    return python


def inside(folder: Path) -> set[str]:
    """Names of the files in a folder, relative to it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files if path.suffix != ".pyc"}


# -- what is in them ------------------------------------------------------------------------------


def test_wheel_holds_the_package_the_networks_and_the_pages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = {f"pillow_colorgrid/{name}" for name in inside(ROOT / "pillow_colorgrid")}
    networks = {f"pillow_colorgrid/models/{name}" for name in inside(MODELS)}
    told = {name for name in names if ".dist-info/" in name}
    data = {name.partition(".data/data/")[2]: name for name in names if ".data/" in name}
    documents = {*ROOT_PAGES, *(f"docs/{name}" for name in inside(ROOT / "docs"))}
    assert set(data) == {f"share/doc/pillow_colorgrid/{name}" for name in documents}
    assert set(names) - told - set(data.values()) == package | networks
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in told)
    assert wheel.stat().st_size < 11.5e6


def test_sdist_holds_all_that_git_does(sdist: Path) -> None:
    """But for what serves this repository alone, and what training goes on from."""
    if not (ROOT / ".git").exists():
        pytest.skip("a source distribution: nothing to compare with")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    here = {name for name in listed if (ROOT / name).exists()}
    left_out = {n for n in here if n.startswith((".", "tools/checkpoints/"))}
    assert here - left_out <= inside(sdist)
    made = {"PKG-INFO"} | {n for n in inside(sdist) if n.startswith("pillow_colorgrid.egg-info/")}
    new = set(
        subprocess.run(
            ["git", "ls-files", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.splitlines()
    )  # fmt: skip
    assert inside(sdist) - made - new <= here


def test_indexes_would_take_them(built: Path, wheel: Path) -> None:
    files = sorted(map(str, built.iterdir()))
    checks = (
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        [sys.executable, "-m", "check_wheel_contents", "--config", ROOT / "pyproject.toml", wheel],
    )
    for command in checks:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        told = message_from_bytes(archive.read(name))
    assert told["License-Expression"] == "MIT"
    assert told["Requires-Python"] == ">=3.11"
    assert set(told.get_all("Classifier")) <= classifiers
    assert told["Description-Content-Type"] == "text/markdown"
    required = [line for line in told.get_all("Requires-Dist") if "extra" not in line]
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert required == setup["options"]["install_requires"].split()


# -- they work ------------------------------------------------------------------------------------


def test_wheel_works_in_an_empty_environment(stranger: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [stranger, "-c", STRANGER], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert str(stranger.parents[1]) in done.stdout
    pages = stranger.parents[1] / "share" / "doc" / "pillow_colorgrid"
    assert (pages / "FORMAT.md").read_bytes() == (ROOT / "FORMAT.md").read_bytes()


def test_the_command_works_in_an_empty_environment(stranger: Path, tmp_path: Path) -> None:
    """Converting a folder needs nothing that only developers have."""
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "pictures" / "a.png")
    cgx = stranger.parent / "cgx"
    for arguments in (["convert", "pictures", "-o", "archive"], ["verify", "--deep", "archive"]):
        done = subprocess.run(
            [cgx, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
    assert list((tmp_path / "archive").rglob("a.cgx"))


def test_a_type_checker_knows_the_wheel(stranger: Path, tmp_path: Path) -> None:
    """Mypy --strict of a program that uses it, and of one that misuses it."""
    misused = CONSUMER
    for right, wrong in MISUSES.items():
        assert right in CONSUMER
        misused = misused.replace(right, wrong)
    for text, errors in ((CONSUMER, 0), (misused, len(MISUSES))):
        (tmp_path / "consumer.py").write_text(text)
        command = [
            sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable",
            str(stranger), "consumer.py",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.stdout.count("error:") == errors, done.stdout + done.stderr
        assert done.returncode == (errors > 0)


def test_tests_run_from_the_sdist(sdist: Path, tmp_path: Path) -> None:
    """All are collected, so nothing that they import is missing; some are run."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    # The packages of this environment, but not the package itself: a path in a .pth file is not
    # searched for further .pth files, of which an editable install consists.
    here = sysconfig.get_path("purelib")
    there = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    (Path(there) / "here.pth").write_text(f"{here}\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--editable", sdist], check=True)
    command = [python, "-m", "pytest", "-q", "-k", "test_container or every_golden_file"]
    done = subprocess.run(command, cwd=sdist, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
