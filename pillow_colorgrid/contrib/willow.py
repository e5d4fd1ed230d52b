"""Willow, and so Wagtail, learns to read and write .cgx files.

It takes one call::

    from pillow_colorgrid.contrib import willow
    willow.register()

Then ``willow.Image.open(file)`` knows the format, and each picture has ``save_as_cgx(file)``.
Willow's ``save(format, file)`` has a fixed list of formats, to which nothing can be added.
"""

# Willow has no type hints.
# mypy: disable-error-code="import-untyped, import-not-found, misc, no-any-return"

from typing import IO, Any

from willow.image import INITIAL_IMAGE_CLASSES, ImageFile
from willow.plugins.pillow import PillowImage
from willow.registry import registry

from pillow_colorgrid.CgxImagePlugin import EXTENSION, FORMAT, MIME
from pillow_colorgrid.contrib import file_types


class CgxImageFile(ImageFile):
    """A file that Willow has not opened yet."""

    format_name = EXTENSION.removeprefix(".")
    mime_type = MIME


def _open(image_file: CgxImageFile) -> PillowImage:
    return PillowImage.open(image_file)


def save_as_cgx(image: PillowImage, f: IO[bytes], **keywords: Any) -> CgxImageFile:
    """Write `image` to `f` with the keywords of `Image.save`; lossless unless they say otherwise.

    The ICC profile is kept, as Willow's other writers do.
    """
    if keywords.get("icc_profile") is None and image.get_icc_profile() is not None:
        keywords["icc_profile"] = image.get_icc_profile()
    image.image.save(f, FORMAT, **keywords)
    return CgxImageFile(f)


def register() -> None:
    """Teach Willow the format. Calling it again changes nothing."""
    if CgxImageFile.format_name in INITIAL_IMAGE_CLASSES:
        return
    file_types.register_filetype()
    INITIAL_IMAGE_CLASSES[CgxImageFile.format_name] = CgxImageFile
    registry.register_image_class(CgxImageFile)
    registry.register_converter(CgxImageFile, PillowImage, _open)
    registry.register_operation(PillowImage, save_as_cgx.__name__, save_as_cgx)
