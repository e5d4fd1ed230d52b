"""Names for .cgx files in ``mimetypes`` (of Python) and ``filetype`` (of PyPI), for who asks."""

# filetype has no type hints, and need not be installed.
# mypy: disable-error-code="import-untyped, import-not-found, misc"

import mimetypes

from pillow_colorgrid.CgxImagePlugin import EXTENSION, MIME
from pillow_colorgrid.container import SIGNATURE


def register_mimetypes() -> None:
    """``mimetypes.guess_type("a.cgx")`` then is ``("image/x-cgx", None)``, in this process."""
    mimetypes.add_type(MIME, EXTENSION)


def register_filetype() -> None:
    """``filetype.guess(file)`` then knows .cgx files. Calling it again changes nothing.

    Raises:
        ImportError: filetype is not installed.
    """
    import filetype

    class Cgx(filetype.Type):
        """Matches the signature."""

        MIME = MIME
        EXTENSION = EXTENSION.removeprefix(".")

        def __init__(self) -> None:
            super().__init__(mime=self.MIME, extension=self.EXTENSION)

        def match(self, buf: bytes | bytearray) -> bool:
            return bytes(buf[: len(SIGNATURE)]) == SIGNATURE

    if not any(known.mime == MIME for known in filetype.types):
        filetype.add_type(Cgx())
