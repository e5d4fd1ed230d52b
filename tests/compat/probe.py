"""What this machine computes, one line for each answer: ``python tests/compat/probe.py``.

Runs with nothing but the package's own four dependencies, so that it runs everywhere: in each
virtual environment of matrix.py and under an emulated ARM (arm.py). Its lines are

    version   name          what is installed here
    network   id            SHA-256 of the network's answer to its known question
    new       name          the same of a network in the folder of --new, opened without any option
    golden    file          SHA-256 of the pixels that the file shows
    source    name          SHA-256 of a JPEG file that this machine's libjpeg writes
    written   name          SHA-256 of the file that this machine writes
    shown     name          SHA-256 of the pixels that the file written here shows

separated by tabs. Two machines agree where all lines but the versions are equal. The pictures that
are written are the golden files' own pixels: no other picture is needed.
"""

import argparse
import hashlib
import io
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from PIL import Image, features

import pillow_colorgrid

GOLDEN = Path(__file__).resolve().parents[1] / "format" / "golden"

PHOTOGRAPH, PORTRAIT, DRAWING = "1.0-lossless-rgba", "1.0-lossless-rgb-effort5", "1.0-stored-rgb"
LARGER = "lossless_1_adapted"

WRITTEN: dict[str, tuple[str, str, dict[str, Any]]] = {
    # name: golden file whose pixels are saved, mode they are converted to, options of save()
    **{
        f"lossless-effort{effort}": (PORTRAIT, "RGB", {"effort": effort}) for effort in range(1, 10)
    },
    "lossless-larger": (LARGER, "RGB", {}),
    "lossless-l": (PHOTOGRAPH, "L", {}),
    "lossless-rgba": (PHOTOGRAPH, "RGBA", {}),
    "lossless-rgba-effort1": (PHOTOGRAPH, "RGBA", {"effort": 1}),
    "lossless-origin-jpeg": ("1.0-lossless-origin-jpeg", "RGB", {}),
    "lossless-origin-photo-cd": ("1.0-lossless-origin-photo-cd", "RGB", {}),
    "lossless-clipping": ("1.0-lossless-clipping", "RGB", {}),
    "planes-p": ("1.0-planes-p", "P", {"effort": 1}),
    "indexed-p": ("1.0-planes-p", "P", {}),
    "planes-i16": ("1.0-planes-i16", "I;16", {}),
    "stored": (DRAWING, "RGB", {}),
    "decolorized-zstd": (
        PORTRAIT,
        "RGB",
        {"mode": "decolorized", "inner": "zstd", "predict": "always"},
    ),
    "decolorized-png": (
        PORTRAIT,
        "RGB",
        {"mode": "decolorized", "inner": "png", "predict": "always"},
    ),
    "decolorized-webp": (
        PHOTOGRAPH,
        "RGBA",
        {"mode": "decolorized", "inner": "webp", "predict": "always"},
    ),
    "grid": (PORTRAIT, "RGB", {"mode": "grid"}),
    "grid-effort1": (PORTRAIT, "RGB", {"mode": "grid", "n": 40, "effort": 1}),
    "grid-effort9": (PORTRAIT, "RGB", {"mode": "grid", "n": 6, "effort": 9}),
    "grid-l": (PHOTOGRAPH, "L", {"mode": "grid"}),
    "grid-rgba-point": (PHOTOGRAPH, "RGBA", {"mode": "grid", "hints": "point", "effort": 1}),
}

QUICK = (
    "lossless-effort1",
    "lossless-effort5",
    "lossless-effort9",
    "lossless-l",
    "lossless-rgba",
    "lossless-origin-jpeg",
    "lossless-clipping",
    "planes-p",
    "decolorized-zstd",
    "grid",
    "grid-rgba-point",
)
"""Each coding once: what an emulated processor writes in a minute."""


JPEGS: dict[str, dict[str, Any]] = {
    "jpeg-420": {"quality": 80},
    "jpeg-444-progressive": {"quality": 90, "subsampling": 0, "progressive": True},
}
"""JPEG files of PORTRAIT, which are then kept by the jpeg coding: options of save()."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def golden_pixels(name: str) -> Image.Image:
    with Image.open(GOLDEN / f"{name}.cgx") as image:
        image.load()
    return image


def versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    yield "machine", platform.machine()
    yield "onnxruntime", metadata.version("onnxruntime")
    yield "pillow", Image.__version__
    yield "numpy", np.__version__
    yield "zstandard", zstandard.__version__
    yield "zstd", ".".join(map(str, zstandard.ZSTD_VERSION))
    for name in ("zlib", "webp"):
        yield name, features.version(name) or "none"


def new_networks(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and answer of each NAME.onnx in `folder` to its NAME.npy."""
    import onnxruntime

    for path in sorted(folder.glob("*.onnx")):
        session = onnxruntime.InferenceSession(
            path.read_bytes(), providers=["CPUExecutionProvider"]
        )
        outputs = session.run(None, {"inputs": np.load(path.with_suffix(".npy"))})
        yield path.stem, sha256(b"".join(map(np.ndarray.tobytes, outputs)))


def lines(quick: bool, new: Path | None) -> Iterator[tuple[str, str, str]]:
    """All answers: what kind, of what, SHA-256 (or a version)."""
    from pillow_colorgrid.runtime import networks

    for name, version in versions():
        yield "version", name, version
    for network in networks.index().values():
        if network.integer:
            yield "network", str(network.id), networks.self_test(networks.session(network))
    for name, answer in new_networks(new) if new else ():
        yield "new", name, answer
    for path in sorted(GOLDEN.glob("*.cgx")):
        yield "golden", path.name, sha256(golden_pixels(path.stem).tobytes())
    for name in QUICK if quick else WRITTEN:
        source, mode, options = WRITTEN[name]
        image = golden_pixels(source)
        image = image if image.mode == mode else image.convert(mode)
        image.info.clear()
        file = io.BytesIO()
        image.save(file, "CGX", **options)
        yield "written", name, sha256(file.getvalue())
        with Image.open(file) as back:
            yield "shown", name, sha256(back.tobytes())
    yield from kept_jpegs()


def kept_jpegs() -> Iterator[tuple[str, str, str]]:
    """As `lines`, of JPEG files that are kept and come back byte for byte."""
    with tempfile.TemporaryDirectory() as folder:
        for name, options in JPEGS.items():
            source, kept = Path(folder, f"{name}.jpg"), Path(folder, f"{name}.cgx")
            golden_pixels(PORTRAIT).save(source, **options)
            yield "source", name, sha256(source.read_bytes())
            with Image.open(source) as image:
                image.save(kept)
            yield "written", name, sha256(kept.read_bytes())
            with Image.open(kept) as back:
                yield "shown", name, sha256(back.tobytes())
            if pillow_colorgrid.jpeg_bytes(kept) != source.read_bytes():
                raise ValueError(f"{name}: another JPEG file came back")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="write each coding once")
    parser.add_argument("--new", type=Path, help="folder of NAME.onnx and NAME.npy to ask too")
    options = parser.parse_args()
    warnings.simplefilter("error")
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    for line in lines(options.quick, options.new):
        print(*line, sep="\t", flush=True)


if __name__ == "__main__":
    sys.exit(main())
