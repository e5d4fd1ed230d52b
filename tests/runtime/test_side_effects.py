"""onnxruntime is kept quiet: no telemetry, no thread, no file, no socket, all with CI unset.

Each test runs a process of its own, because what onnxruntime starts it starts once.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, photograph

REPORT = """
import os, sys, time
def threads():
    # A thread that has just been joined is listed a moment longer; one that stays is what counts.
    deadline = time.monotonic() + 5
    while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(os.listdir("/proc/self/task"))
def sockets():
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    return [os.readlink(x) for x in links if os.path.lexists(x) and "socket" in os.readlink(x)]
"""

ON_LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")


def run(script: str, home: Path, **variables: str) -> str:
    """Run `script` in a new process with CI unset and an empty home; return what it prints."""
    environment = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    # OpenBLAS, numpy's own, starts threads too; they are not what is counted here.
    environment.update(HOME=str(home), TMPDIR=str(home), OPENBLAS_NUM_THREADS="1", **variables)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", REPORT + script]
        if "PYTHONPATH" not in variables
        else [sys.executable, "-B", "-c", REPORT + script],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture(scope="module")
def cgx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that needs networks."""
    path = tmp_path_factory.mktemp("files") / "photograph.cgx"
    photograph("coffee", 96, 80).save(path, mode="decolorized")
    return path


@ON_LINUX
def test_import_and_open_start_nothing(home: Path, cgx: Path) -> None:
    script = f"""
import pillow_colorgrid
from PIL import Image
with Image.open({str(cgx)!r}) as picture:
    picture.getexif()
assert "onnxruntime" not in sys.modules
print(threads(), sockets(), os.environ.get("ORT_DISABLE_TELEMETRY"))
"""
    assert run(script, home) == "1 [] None"
    assert list(home.iterdir()) == []


@ON_LINUX
@pytest.mark.parametrize("mode", ["decolorized", "lossless"])
def test_coding_leaves_no_thread_no_socket_no_file(home: Path, cgx: Path, mode: str) -> None:
    script = f"""
import io
import pillow_colorgrid
from PIL import Image
with Image.open({str(cgx)!r}) as picture:
    picture.load()
file = io.BytesIO()
picture.save(file, "CGX", mode={mode!r})
assert Image.open(file).tobytes() == picture.tobytes()
assert "onnxruntime" in sys.modules
assert "CI" not in os.environ
print(threads(), sockets(), os.environ.get("ORT_DISABLE_TELEMETRY"))
"""
    assert run(script, home, PILLOW_COLORGRID_THREADS="1") == "1 [] 1"
    assert list(home.iterdir()) == []


def stub_of_onnxruntime(folder: Path) -> None:
    """A module that tells what it saw in the environment when it was imported."""
    (folder / "onnxruntime.py").write_text(
        "import os\nprint('telemetry off:', os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
    )


@pytest.mark.parametrize(
    ("given", "seen"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")], ids=["default", "user's"]
)
def test_telemetry_is_off_before_the_import_unless_the_user_chose(
    home: Path, tmp_path: Path, given: dict[str, str], seen: str
) -> None:
    stub_of_onnxruntime(tmp_path)
    script = "from pillow_colorgrid.runtime import networks; networks._import_onnxruntime()"
    root = ROOT
    path = os.pathsep.join([str(tmp_path), str(root)])
    assert run(script, home, PYTHONPATH=path, **given) == f"telemetry off: {seen}"


def test_importing_onnxruntime_first_is_left_alone(home: Path) -> None:
    """Who imported it before us has made that choice; we change nothing behind their back."""
    script = """
import types
sys.modules["onnxruntime"] = types.ModuleType("onnxruntime")
from pillow_colorgrid.runtime import networks
networks._import_onnxruntime()
print(os.environ.get("ORT_DISABLE_TELEMETRY"))
"""
    assert run(script, home) == "None"
