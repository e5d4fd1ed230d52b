"""``cgx convert``: what targets may be, and what is to be done with each file; imports no numpy."""

from dataclasses import dataclass
from typing import Any

from pillow_colorgrid.codings import registry

CGX, JPG = ".cgx", ".jpg"

LOSSLESS_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"optimize": True},
    ".webp": {"lossless": True, "exact": True},
    ".tif": {"compression": "tiff_lzw"},
}
"""Targets other than .cgx and the options of save that keep every pixel."""

FORMATS = {
    CGX: "CGX",
    JPG: "JPEG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".png": "PNG",
    ".tif": "TIFF",
    ".avif": "AVIF",
}
"""Pillow's names."""

OTHER_SPELLINGS = {".jpeg": ".jpg", ".tiff": ".tif"}
"""Suffixes that are taken for others."""

ORIGINAL = "original"
"""In place of a format: the very file that a .cgx file was made of."""

TARGETS = (*(suffix.removeprefix(".") for suffix in FORMATS), ORIGINAL)

LOSSY_TARGETS: dict[str, dict[str, Any]] = {
    JPG: {"quality": 90},
    ".gif": {},
    ".webp": {"quality": 90},
    ".avif": {"quality": 80},
}
"""Targets that may hold other pixels, where the user allows it, and options of save for it."""


@dataclass(frozen=True)
class Settings:
    """What to do with each file.

    Attributes:
        suffix: of the targets, a key of FORMATS.
        options: further keywords of `Image.save`.
        verify: decode each target again and compare it before it gets its name.
        delete_originals: a source will be removed once its target is verified.
        name: of the targets: a template of {stem} and {suffix}; None: the source's stem.
        keep_larger: .cgx files that are larger than their sources are written, too.
        any_pixels: of LOSSY_TARGETS only the size is compared.
        original: of .cgx files the file that they were made of is written, and nothing else.
        dropped: kinds of metadata that are left out, keys of `convert_flags.METADATA`.
        truncated: JPEG files that are cut short are kept, as they are.
    """

    suffix: str = CGX
    options: tuple[tuple[str, object], ...] = ()
    verify: bool = True
    delete_originals: bool = False
    name: str | None = None
    keep_larger: bool = False
    any_pixels: bool = False
    original: bool = False
    dropped: tuple[str, ...] = ()
    truncated: bool = False

    @property
    def keywords(self) -> dict[str, Any]:
        known = LOSSY_TARGETS if self.any_pixels else LOSSLESS_OPTIONS
        return {**known.get(self.suffix, {}), **dict(self.options)}

    @property
    def lossy(self) -> bool:
        """Whether targets lose something of their pixels."""
        return self.any_pixels or self.loses_in_cgx

    @property
    def loses_in_cgx(self) -> bool:
        """Whether the coding of .cgx files loses something."""
        return self.suffix == CGX and registry.asked_for(self.keywords)[0].lossy

    @property
    def keeps_jpeg(self) -> bool:
        """Whether the target of a JPEG file is to give that file back."""
        if self.suffix != CGX:
            return False
        coding, options = registry.asked_for(self.keywords)
        return coding is registry.DEFAULT and options.jpeg == "auto"
