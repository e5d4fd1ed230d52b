"""Who only reads needs nothing of what only a writer needs: by imports, and in real processes."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import GOLDEN

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pillow_colorgrid"

CHOOSING = "choosing"
"""Of codings: which of them suits; a writer asks."""

BOTH_DIRECTIONS = {"coding", "encoder"}
"""Of a coding: the encoder, and what joins it with the decoder, importing it when needed."""

LOOKERS = {"account", "description", "look", "region", "trim"}
"""Of a coding: what decodes nothing for Pillow, or only through `coding`."""

FILES = {
    "lossless": "1.0-lossless-rgb-effort9",
    "lossless, clipping": "1.0-lossless-clipping",
    "lossless, origin": "1.0-lossless-origin-jpeg",
    "lossless, channels": "1.1-lossless-channels",
    "stored": "1.0-stored-parts",
    "stored, rectangles": "1.1-stored-rectangles",
    "planes": "1.0-planes-i16",
    "palette": "1.0-planes-p",
    "decolorized": "1.0-decolorized-webp",
    "grid": "1.0-grid-rgb",
    "bilevel": "1.1-bilevel",
    "deep": "1.1-deep-i16",
    "indexed": "1.1-indexed-p",
    "blended": "1.1-blended-i16",
    "jpeg": "1.1-jpeg-420",
    "jpeg, once": "1.1-jpeg-once",
}


def writers() -> list[str]:
    """What only a writer needs, as the contract names it."""
    return contract()["forbidden_modules"]


def contract() -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (found,) = [
        one
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["name"] == "A decoder never imports what only a writer needs"
    ]
    return found


def test_the_contract_names_all_encoders() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for pattern in ("encoder", "encoder.py")
        for path in PACKAGE.rglob(pattern)
    }
    assert len(found) >= 5
    assert found <= set(writers())


def test_the_contract_names_all_decoders() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in PACKAGE.glob("codings/*/*.py")
        if path.parent.name != CHOOSING
        and path.stem not in {"__init__", *BOTH_DIRECTIONS, *LOOKERS}
    }
    assert len(modules) > 30
    assert modules <= set(contract()["source_modules"])


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_opening_and_decoding_imports_no_encoder(name: str) -> None:
    script = (
        "import sys; import pillow_colorgrid; from PIL import Image; "
        f"Image.open({str(GOLDEN / name) + '.cgx'!r}).load(); "
        "assert any(m.startswith('pillow_colorgrid.codings.') for m in sys.modules); "
        f"writers = {tuple(writers())!r}; "
        "found = [m for m in sys.modules if m.startswith(writers)]; "
        "assert not found, found"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
