"""All of a picture but its pixels: out of its file, into the target, and what is missing there.

Into .cgx all of it goes, as `Image.info` holds it. Other formats keep what they have a place for.
"""

import contextlib
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo, iTXt

from pillow_colorgrid.codings.jpeg.description import RESTORES
from pillow_colorgrid.commands import png_items, source_items, tiff_tags, tiff_writing
from pillow_colorgrid.commands.pictures import upright
from pillow_colorgrid.commands.png_items import END
from pillow_colorgrid.commands.sameness import alike
from pillow_colorgrid.commands.source_items import KEY as SOURCE
from pillow_colorgrid.commands.unheld import unheld
from pillow_colorgrid.metadata import OWN_FACTS, SECTIONS

KEYWORDS = {
    "PNG": ("exif", "icc_profile", "dpi", "transparency"),
    "TIFF": ("icc_profile", "dpi"),
    "WEBP": ("exif", "icc_profile", "xmp"),
    "AVIF": ("exif", "icc_profile", "xmp"),
    "JPEG": ("exif", "icc_profile", "xmp", "comment", "dpi"),
    "GIF": ("comment", "transparency"),
}
"""Keywords of save by which other formats are told what they have a place for."""

OF_THE_OLD_FILE = frozenset(
    {
        *("compression", "version", "extension", "timestamp", "duration", "loop", "background"),
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"),
        *("adobe", "adobe_transform", "mp", "mpoffset", "sizes", "resolution", "interlace"),
        *("Image type", "Image size (x*y)", "File size (no of images)", SOURCE),
    }
)
"""Keys of `Image.info` that tell how a file was made. A .cgx file keeps them; another format that
does not has lost nothing of the picture."""

OTHERWISE_BY_LIBTIFF = ("YCbCr", "I;16B")
"""Modes of which libtiff, which compresses, would make RGB and I;16."""

XMP_KEYWORD = "XML:com.adobe.xmp"

GAMMA_UNIT = 100_000
"""PNG counts gamma and chromaticity in hundred thousandths."""


LARGEST_END = 1 << 25
"""Bytes. More than these behind a picture (a film, say) are named rather than kept."""


def gather(image: Image.Image, data: bytes) -> list[str]:
    """Put into `image.info` what Pillow does not show of its file; names of what cannot be kept."""
    try:
        return [*show_all(image, data), *unheld(data, image)]
    except (ValueError, struct.error, IndexError, KeyError, zlib.error) as error:
        return [f"{image.format} parts beside the pixels ({error})"]


def show_all(image: Image.Image, data: bytes) -> list[str]:
    """As `gather`, without a look at what no file holds; raises what reading may raise."""
    if image.format == "TIFF":
        show_tags(image, data)
    items = source_items.items_of(data, image.format, image.info)
    small = [item for item in items if item[0] != END or len(item[1]) <= LARGEST_END]
    if small:
        image.info[SOURCE] = {"format": image.format, "items": small}
    large = sum(len(payload) for _, payload, _ in items) - sum(len(p) for _, p, _ in small)
    return [f"{large:,} bytes behind the picture"] if large else []


def show_tags(page: Image.Image, data: bytes) -> None:
    """The tags of a TIFF file's first page, as EXIF, in place of what is another one's or made up.

    Pillow leaves in `info` what an earlier page said, and says one dot per inch where none does.
    """
    for key in tiff_tags.not_told(data):
        page.info.pop(key, None)
    page.info.pop("exif", None)
    exif = tiff_tags.exif_of_tiff(data, "dpi" in page.info)
    page.info |= {"exif": exif} if exif else {}


def saved(image: Image.Image, name: str, keywords: dict[str, Any]) -> bytes:
    """The file of format `name`, with all metadata of `image.info` that it has a place for.

    Raises:
        OSError: it has none for pictures of this mode.
    """
    info = image.info  # as it is now: Pillow goes through the frames, and reads it anew
    told = {key: info[key] for key in KEYWORDS.get(name, ()) if info.get(key)}
    if info.get("transparency") is not None and "transparency" in KEYWORDS.get(name, ()):
        told["transparency"] = info["transparency"]
    if keywords.get("save_all"):
        told.pop("transparency", None)  # each frame has its own
    if name == "PNG":
        told["pnginfo"] = _png_info(info)
        told |= _few_bits(image)
        if image.mode == "1" and told.get("transparency"):
            told["transparency"] = 1  # of one bit; Pillow says 255
    if name == "GIF" and any(item == b"\xfe" for item, _, _ in source_items.items_for("GIF", info)):
        told["comment"] = b""  # several, which Pillow shows as one
    if name == "TIFF" and image.mode in OTHERWISE_BY_LIBTIFF:
        told_last = {**keywords, "compression": "raw"}
    else:
        told_last = keywords
    file = BytesIO()
    try:
        image.save(file, name, **{**told, **told_last})
    except ValueError as error:
        if name == "CGX":
            raise
        # "image has wrong mode" does not say which.
        raise OSError(f"cannot write mode {image.mode} as {name}: {error}") from error
    data = file.getvalue()
    if name == "TIFF":
        data = with_tags(data, info)
        if keywords.get("save_all"):
            return data  # further tags stand before what follows the picture
    return source_items.put_back(data, name, info)


def with_tags(data: bytes, info: Mapping[Any, Any], page: int = 0) -> bytes:
    """A TIFF file with the tags that a picture's `info` holds in one of its pages."""
    exif, xmp, profile = (_bytes(info.get(key)) for key in ("exif", "xmp", "icc_profile"))
    # Pillow writes those of the first page into all.
    own = tiff_writing.of_page(info.get("dpi"), profile) if page else None
    if not (exif or xmp or page):
        return data
    return tiff_writing.into_tiff(data, exif, xmp, page, own)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b""


def _png_info(info: dict[Any, Any]) -> PngInfo:
    """What Pillow writes into a PNG only when it is told chunk by chunk."""
    found = PngInfo()
    items = source_items.items_for("PNG", info)
    there = {name for name, _, _ in items}
    xmp = info.get("xmp")
    if isinstance(xmp, bytes) and not any(XMP_KEYWORD.encode() in item for _, item, _ in items):
        found.add(b"iTXt", XMP_KEYWORD.encode() + bytes(5) + xmp)
    if items:  # texts and all are among them
        return found
    if isinstance(info.get("gamma"), float) and b"gAMA" not in there:
        found.add(b"gAMA", struct.pack(">I", round(info["gamma"] * GAMMA_UNIT)))
    corners = info.get("chromaticity")
    if isinstance(corners, tuple) and len(corners) == 8:
        found.add(b"cHRM", struct.pack(">8I", *(round(value * GAMMA_UNIT) for value in corners)))
    if isinstance(info.get("srgb"), int):
        found.add(b"sRGB", bytes([info["srgb"]]))
    for key, text in info.items():
        if not isinstance(text, str) or key in SECTIONS or key in OF_THE_OLD_FILE:
            continue
        if not isinstance(key, str) or not _is_keyword(key):
            continue
        if isinstance(text, iTXt):
            if key != XMP_KEYWORD:
                found.add_itxt(key, text, text.lang or "", text.tkey or "")
        else:
            found.add_text(key, text)
    return found


def _few_bits(image: Image.Image) -> dict[str, int]:
    """The keyword of save for grey samples of 2 or 4 bits, if they were so and still are."""
    depth = png_items.depth_of(source_items.items_for("PNG", image.info))
    if depth is None or image.mode != "L":
        return {}
    step = 255 // ((1 << depth) - 1)
    known = {step * value for value in range(1 << depth)}
    return {"bits": depth} if known >= set(image.tobytes()) else {}


def _is_keyword(key: str) -> bool:
    return 1 <= len(key) <= 79 and key.isprintable() and key.isascii()


def as_shown_by(written: Image.Image, image: Image.Image) -> Image.Image:
    """The pixels that a target should show: Pillow turns a TIFF file upright when it loads it."""
    if written.format != "TIFF" or image.format == "TIFF":
        return image
    return upright(image)


# -- what is missing ------------------------------------------------------------------------------


def lost(image: Image.Image, written: Image.Image, target: bytes) -> list[str]:
    """Names of what a target does not hold of its source, apart from pixels.

    Args:
        image: the source, with what was gathered.
        written, target: what the target shows, and its file.
    """
    found = []
    if written.format != "CGX":
        with contextlib.suppress(ValueError, struct.error, IndexError):
            show_all(written, target)
    for key, value in image.info.items():
        if key == OWN_FACTS or (written.format != "CGX" and key in OF_THE_OLD_FILE):
            continue
        if not _holds(written, target, key, value):
            found.append(str(key))
    if written.format != "CGX":
        found += _lost_outside(image, written)
    return found


def _holds(written: Image.Image, target: bytes, key: Any, value: Any) -> bool:
    if key in SECTIONS and not value and value != 0:
        return True
    if key in written.info and alike(value, written.info[key], key):
        return True
    if key == "exif" and written.format == "TIFF" and isinstance(value, bytes):
        try:
            return tiff_tags.holds(target, value)
        except ValueError:
            return False
    # Pillow shows PNG's XMP twice.
    return bool(key == XMP_KEYWORD and written.info.get("xmp") == value.encode())


def _lost_outside(image: Image.Image, written: Image.Image) -> list[str]:
    """What only a .cgx file, or one of the first format, has a place for."""
    found = []
    if image.format == "CGX" and image.info.get(OWN_FACTS, {}).get(RESTORES):
        found.append("JPEG file (cgx convert --to original gives it back)")
    kept = image.info.get(SOURCE)
    if isinstance(kept, dict):
        there = source_items.items_for(str(written.format), written.info)
        missing = [item for item in kept["items"] if item not in there and not _shown(item, image)]
        if missing:
            found.append(f"{kept['format']} parts ({source_items.names(missing)})")
    return found


def _shown(item: png_items.Item, image: Image.Image) -> bool:
    """Whether an item is one that `info` shows, too, where it was looked for by its key."""
    name, payload, _ = item
    if name in (b"tEXt", b"zTXt", b"iTXt"):
        return payload.split(b"\0")[0].decode("latin-1") in image.info
    shown = {b"gAMA": "gamma", b"cHRM": "chromaticity", b"sRGB": "srgb"}
    return shown.get(name) in image.info
