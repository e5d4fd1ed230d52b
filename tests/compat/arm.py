"""ARM: the same bytes and pixels by aarch64 wheels on an emulated processor.

    python -m tests.compat.arm

Debian's Python for arm64, the wheels of pillow, numpy, onnxruntime, threadpoolctl and zstandard for
aarch64 (the same versions as here) and this package run under QEMU, which translates each
instruction: no ARM machine is needed. The processor is a Neoverse N1 (NEON with dot products). What
probe.py prints there must equal what it prints here, line by line. Takes some minutes, of which
downloads are one; ends with an error where a bit differs, or where a package cannot be had.

It needs Debian or Ubuntu (apt-get, dpkg) and PyPI; it installs nothing outside of .venv-matrix/.
"""

import argparse
import os
import platform
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

from tests.compat.answers import (
    CACHE,
    PROBE,
    counts,
    differences,
    read_lines,
    run,
    stop,
    untrue,
    versions,
)
from tests.sources import copy_of_source

FOLDER = CACHE / "arm"
PACKAGES = ("pillow", "numpy", "onnxruntime", "threadpoolctl", "zstandard")
"""From PyPI; the package's own dependencies."""

PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (34, 28, 27, 17)] + [
    "manylinux2014_aarch64"
]

CPUINFO = """processor\t: 0
BogoMIPS\t: 100.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1

"""
"""A Neoverse N1's; onnxruntime reads it, and would find this machine's instead."""


class Debian:
    """Packages of another architecture, in lists and folders of their own: the system's stay."""

    def __init__(self, architecture: str, folder: Path) -> None:
        self.architecture, self.folder = architecture, folder
        lists, cache = folder / "lists", folder / "cache"
        for needed in (lists / "partial", cache / "archives" / "partial"):
            needed.mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()  # nothing is installed: all that is needed is fetched
        self.archives = cache / "archives"
        self.options = [
            f"-oAPT::Architecture={architecture}",
            f"-oAPT::Architectures::={architecture}",
            f"-oDir::State={folder}",
            f"-oDir::State::lists={lists}",
            f"-oDir::State::status={folder / 'status'}",
            f"-oDir::Cache={cache}",
            "-oDebug::NoLocking=1",
            "-oAPT::Sandbox::User=root",
            "-oAPT::Install-Recommends=0",
            "-oAPT::Keep-Downloaded-Packages=1",
            "-oBinary::apt-get::APT::Keep-Downloaded-Packages=1",
            "-qq",
        ]

    def unpack(self, packages: list[str], root: Path) -> None:
        """Fetch `packages` with all that they depend on, and lay their files below `root`."""
        run(["apt-get", *self.options, "update"])
        run(["apt-get", *self.options, "--download-only", "--yes", "install", *packages])
        files = sorted(self.archives.glob("*.deb"))
        if not files:
            stop(f"apt-get fetched none of {', '.join(packages)} for {self.architecture}")
        for file in files:
            run(["dpkg-deb", "--extract", file, root])


def emulator() -> Path:
    """qemu-aarch64: the system's, else Debian's, unpacked."""
    names = ("qemu-aarch64-static", "qemu-aarch64")
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    for name in names:
        if (own := FOLDER / "emulator" / "usr" / "bin" / name).exists():
            return own
    native = run(["dpkg", "--print-architecture"]).strip()
    Debian(native, FOLDER / native).unpack(["qemu-user-static"], FOLDER / "emulator")
    for name in names:
        if (own := FOLDER / "emulator" / "usr" / "bin" / name).exists():
            return own
    stop("Debian's qemu-user-static holds no qemu-aarch64-static")


def python_of(root: Path) -> Path:
    """Debian's Python below `root`."""
    found = sorted((root / "usr" / "bin").glob("python3.[0-9]*[0-9]"))
    if not found:
        stop(f"no python3 in {root}: remove {FOLDER} and try again")
    return found[-1]


def make_root(root: Path) -> None:
    """The files that an ARM Linux would have."""
    partial = root.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # The C++ library is for onnxruntime; Python itself does without it.
    Debian("arm64", FOLDER / "arm64").unpack(["python3", "libstdc++6"], partial)
    (partial / "proc").mkdir(exist_ok=True)
    (partial / "proc" / "cpuinfo").write_text(CPUINFO)
    processors = partial / "sys" / "devices" / "system" / "cpu"
    processors.mkdir(parents=True)
    for name in ("possible", "present", "online"):
        (processors / name).write_text("0\n")
    partial.rename(root)


def install(site: Path, python: str) -> None:
    """This package and its dependencies as wheels for ARM, in the versions that are here."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
    foreign = [word for name in PLATFORMS for word in ("--platform", name)]
    wheels = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    wanted = [f"{name}=={version(name)}" for name in PACKAGES]
    partial = site.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    run([*pip, partial, *foreign, *wheels, *wanted])
    partial.rename(site)


def probe(qemu: Path, root: Path, site: Path, own: Path, processor: str) -> str:
    """What probe.py prints on the emulated `processor`."""
    python = python_of(root)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(FOLDER),
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": f"{site}:{own}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }
    command = [qemu, "-cpu", processor, "-L", root, python, PROBE, "--quick"]
    return run(command, variables)


def main() -> None:
    """Fetch what is missing, compute there and here, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--processor", default="neoverse-n1", help="a name of qemu's -cpu help")
    options = parser.parse_args()
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            stop(f"{program} is missing: the ARM test fetches Debian's packages")
    FOLDER.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    qemu = emulator()
    root = FOLDER / "root"
    if not root.exists():
        make_root(root)
    python = python_of(root).name.removeprefix("python")
    site = FOLDER / "-".join(["site", python, *(f"{name}{version(name)}" for name in PACKAGES)])
    if not site.exists():
        install(site, python)
    own = FOLDER / "own"
    shutil.rmtree(own, ignore_errors=True)
    # A copy: setuptools builds in the source tree, where another build may be going on.
    source = FOLDER / "source"
    shutil.rmtree(source, ignore_errors=True)
    copy_of_source(source)
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", own, source])
    fetched = time.monotonic()
    there = read_lines(probe(qemu, root, site, own, options.processor))
    emulated = time.monotonic()
    here = read_lines(
        run([sys.executable, PROBE, "--quick"], os.environ | {"PYTHONPATH": str(own)})
    )
    for name, lines in (("there", there), ("here", here)):
        print(f"{name + ':':7}", ", ".join(f"{k} {v}" for k, v in versions(lines).items()))
    print(
        f"{counts(there)} on {options.processor}; {fetched - started:.0f} s to fetch and install, "
        f"{emulated - fetched:.0f} s emulated"
    )
    if versions(there)["machine"] != "aarch64" or platform.machine() == "aarch64":
        stop(f"{versions(there)['machine']} was compared with {platform.machine()}")
    if wrong := [*untrue(there), *differences(there, here)]:
        stop("\n".join(["ARM and this machine differ:", *wrong]))
    print("ARM: equal to the byte")


if __name__ == "__main__":
    main()
