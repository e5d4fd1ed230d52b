"""Formats that Pillow learns from other libraries, where they are installed."""

import importlib

RAW_NAMES = (
    "3fr ari arw bay braw cap cr2 cr3 crw dcr dcs dng erf fff gpr iiq k25 kdc mdc mef mos mrw nef "
    "nrw orf pef ptx raf raw rw2 rwl rwz sr2 srf srw x3f"
)

RAW_SUFFIXES = frozenset(f".{name}" for name in RAW_NAMES.split())
"""What cameras write before it is a picture. Pillow reads the preview in some of them at most."""

HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
"""What phones write."""


RAW = "raw file of a camera"

HEIF_UNREAD = "HEIC file (pip install pillow-heif)"


def unread(suffix: str, data: bytes) -> str:
    """What a file may be that Pillow does not read.

    Args:
        suffix: in lower case.
    """
    if not data:
        return "an empty file"
    if suffix in RAW_SUFFIXES:
        return f"a {RAW}, which is not converted"
    if suffix in HEIF_SUFFIXES and not register():
        return f"a {HEIF_UNREAD}"
    return "not a picture that Pillow reads"


def register() -> bool:
    """Let Pillow open HEIC, where pillow-heif is installed; whether it is."""
    try:
        heif = importlib.import_module("pillow_heif")
    except ImportError:
        return False
    heif.register_heif_opener()
    return True
