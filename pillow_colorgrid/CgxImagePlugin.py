"""Pillow glue: accept, open, load, verify, save, register, in the order in which Pillow calls them.

`Image.open` reads the header and the metadata before the pixels. numpy and onnxruntime are imported
when pixels are needed.
"""

import threading
from collections.abc import Sequence
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageFile

from pillow_colorgrid import container, metadata, options
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, NewerFormatError

FORMAT = "CGX"
EXTENSION = ".cgx"
MIME = "image/x-cgx"


def _accept(prefix: bytes) -> bool | str:
    """Whether `prefix` (16 bytes) begins a .cgx file; a newer one is explained by a string."""
    if not prefix.startswith(container.SIGNATURE):
        return False
    return container.newer_version(prefix) or True


class CgxImageFile(ImageFile.ImageFile):
    """A .cgx picture; its pixels are decoded when they are first needed."""

    format = FORMAT
    format_description = "Colorgrid (pictures compressed by networks that know colour)"

    # Class-level, because unpickled and copied pictures never see _open.
    n_frames = 1
    is_animated = False
    _header: Header | None = None
    _pixel_offset = 0
    _load_lock: "threading.Lock | None" = None

    def _open(self) -> None:
        self._header = container.read_header(self.fp)
        self._size = self._header.size
        self._mode = self._header.mode
        self._pixel_offset = metadata.read(self.fp, self.info)
        self.tile = []
        self._load_lock = threading.Lock()

    def load_seek(self, pos: int) -> None:
        """Never called; its presence makes ImageFile.Parser wait for the whole file."""

    def load(self) -> Any:
        """Decode on first use; several threads may call it for one picture."""
        if self._load_lock is not None:
            with self._load_lock:
                if self._im is None:
                    self._decode()
        return super().load()

    def _decode(self) -> None:
        from pillow_colorgrid import codec

        if self._header is None or self.fp is None:
            raise ValueError("operation on a closed CGX picture")
        self.fp.seek(self._pixel_offset)
        sections, partial = self._read_sections()
        pixels = codec.decode(self._header, sections, partial)
        squeezed = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        self.im = Image.fromarray(squeezed).im
        if self._exclusive_fp and self._close_exclusive_fp_after_loading:
            self.fp.close()
            self.fp = None

    def _read_sections(self) -> tuple[list[Section], bool]:
        """The sections from the pixels on, and whether only part of them is there."""
        sections: list[Section] = []
        try:
            for section in container.read_sections(self.fp):
                sections.append(section)
        except CgxError:
            # Read at call time: users switch it on and off.
            if not ImageFile.LOAD_TRUNCATED_IMAGES:
                raise
            return sections, True
        return sections, False

    def verify(self) -> None:
        """Check structure and checksums of the whole file without decoding it.

        Raises:
            CgxError: what is wrong. As with all of Pillow's formats, the file must be opened
                again after this.
        """
        if self.fp is None:
            raise ValueError("operation on a closed CGX picture")
        self.fp.seek(0)
        container.read_header(self.fp)
        for _ in container.read_sections(self.fp):
            pass
        super().verify()


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Encode `im` in memory, then write once: `fp` need not be seekable.

    Raises:
        OSError: a mode that cannot be stored, or a picture too large or empty.
        ValueError: a bad value of a known option.
    """
    keywords = getattr(im, "encoderinfo", {})
    chosen = options.from_keywords(keywords)
    if im.mode not in container.MODE_IDS:
        allowed = ", ".join(container.MODE_IDS)
        raise OSError(f"cannot write mode {im.mode} as CGX (allowed: {allowed})")
    if not all(1 <= side <= container.MAX_SIDE for side in im.size):
        raise OSError(f"cannot write size {im.size} as CGX (allowed: 1 to {container.MAX_SIDE})")
    sections = metadata.to_write(im, keywords)

    import numpy as np

    from pillow_colorgrid import codec

    pixels = np.asarray(im)
    fp.write(codec.encode(np.atleast_3d(pixels), im.mode, chosen, sections))


def _save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Save the one frame of a picture; refuse more.

    Raises:
        OSError: more than one frame.
    """
    keywords = getattr(im, "encoderinfo", {})
    frames = getattr(im, "n_frames", 1) + len(list(keywords.get("append_images") or ()))
    if frames > 1:
        raise OSError(f"cannot write {frames} frames as CGX (allowed: 1)")
    _save(im, fp, filename)


def encode(im: Image.Image, **keywords: Any) -> bytes:
    """The bytes of the file that ``im.save(..., "CGX", **keywords)`` would write."""
    file = BytesIO()
    im.save(file, FORMAT, **keywords)
    return file.getvalue()


def register_cgx_opener(providers: Sequence[str] | None = None) -> None:
    """Register the format with Pillow; ``import pillow_colorgrid`` does so too.

    Args:
        providers: onnxruntime providers to compute with, for instance
            ``["CUDAExecutionProvider"]``; default: the environment variable
            PILLOW_COLORGRID_PROVIDERS, else the CPU.
    """
    Image.register_open(FORMAT, CgxImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_save_all(FORMAT, _save_all)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME)
    if providers is not None:
        from pillow_colorgrid import networks

        networks.choose_providers(providers)


__all__ = ["CgxError", "CgxImageFile", "NewerFormatError", "encode", "register_cgx_opener"]
