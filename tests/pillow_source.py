"""Pillow's own tests, of the version that is installed: fetched once, kept outside the repository.

They are taken from the source archive on PyPI when a test first needs them (about a minute), into
``$PILLOW_COLORGRID_TEST_CACHE`` or ``~/.cache/pillow_colorgrid``. Nothing of them is copied into
the project. Where they cannot be fetched the tests fail; they never skip.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import PIL

CACHE_VARIABLE = "PILLOW_COLORGRID_TEST_CACHE"

FETCH_SECONDS = 900
"""Longer than this nobody waits for an archive of 45 MB."""


def cache() -> Path:
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(CACHE_VARIABLE) or default / "pillow_colorgrid")


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one process at a time pass (pytest-xdist has several). Old locks are stale."""
    deadline = time.monotonic() + FETCH_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > FETCH_SECONDS:
                    lock.unlink()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{lock} is held") from None
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.unlink()


def source() -> Path:
    """The unpacked source archive of the Pillow that is installed.

    Raises:
        CalledProcessError: pip could not fetch it; its output says why.
    """
    name = f"pillow-{PIL.__version__}"
    folder = cache() / name
    cache().mkdir(parents=True, exist_ok=True)
    with only_one(cache() / f"{name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache()) as fresh:
                _fetch(PIL.__version__, Path(fresh))
                (Path(fresh) / name).rename(folder)
    return folder


def _fetch(version: str, into: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(into), f"pillow=={version}"]
    subprocess.run(command, check=True, timeout=FETCH_SECONDS)
    (archive,) = into.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    archive.unlink()


def run(
    folder: Path, arguments: Sequence[str], with_plugin: bool, timeout_s: float = 300
) -> Mapping[str, str]:
    """Run pytest on Pillow's tests in `folder`; "file::test" -> passed, failure, error, skipped."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--color=no", f"--junitxml={report}"]
        command += ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
        command += ["-p", "pillow_colorgrid"] if with_plugin else []
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        )
        assert report.exists(), done.stdout + done.stderr
        outcomes = {}
        for case in ET.parse(report).iter("testcase"):
            kinds = [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
            name = f"{case.get('classname')}::{case.get('name')}"
            outcomes[name] = kinds[0] if kinds else "passed"
        if "failure" in outcomes.values() or "error" in outcomes.values():
            print(done.stdout[-6000:])
        return outcomes


def suite_beside(folder: Path) -> Path:
    """A fresh folder that has Pillow's helpers and pictures, and room for tests of one's own."""
    original = source() / "Tests"
    tests = folder / "Tests"
    tests.mkdir(parents=True)
    for name in ("__init__.py", "helper.py", "conftest.py"):
        shutil.copy(original / name, tests / name)
    (tests / "images").mkdir()
    return tests
