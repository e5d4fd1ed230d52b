"""Pillow glue: accept, open, load, verify, save, register, in the order in which Pillow calls them.

`Image.open` reads the header and the metadata before the pixels. numpy and onnxruntime are imported
when pixels are needed.
"""

import threading
from collections.abc import Sequence
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageFile, ImagePalette

from pillow_colorgrid import container, metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, NewerFormatError
from pillow_colorgrid.runtime import execution

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

    # Class-level, because unpickled and copied pictures never see __init__ and _open.
    n_frames = 1
    is_animated = False
    fp: IO[bytes] | None = None
    filename: str | bytes = ""
    _exclusive_fp = False
    _header: Header | None = None
    _pixel_offset = 0
    _draft_interval = 1
    _load_lock: "threading.Lock | None" = None

    def _open(self) -> None:
        assert self.fp is not None  # for mypy; Pillow has just set it
        self._header = container.read_header(self.fp)
        coding = registry.of(self._header)
        found = metadata.read(self.fp)
        self._size = self._header.size
        self._mode = self._header.mode
        if coding.info is not None:
            self.fp.seek(found.pixel_offset)
            self.info.update(coding.info(self._header, self.fp))
        self.info.update(found.info)
        if self._mode in ("P", "PA"):
            self.palette = found.palette or ImagePalette.ImagePalette()
        self._pixel_offset = found.pixel_offset
        self.info["cgx"] = {
            "coding": coding.name,
            "lossless": not coding.lossy,
            **coding.facts(container.section_starts(self.fp, found.pixel_offset)),
        }
        self.tile = []
        self._load_lock = threading.Lock()

    def __getstate__(self) -> list[Any]:
        """As Pillow's, which would take a palette with alpha for RGB; it is kept as it is."""
        state = super().__getstate__()
        palette = self.palette
        return [*state, palette and (palette.mode, bytes(palette.palette))]

    def __setstate__(self, state: list[Any]) -> None:
        *base, palette = state
        super().__setstate__(base)
        if palette is not None:
            self.palette = ImagePalette.ImagePalette(palette[0], bytearray(palette[1]))
            self.palette.dirty = 1
            self.load()

    def _getexif(self) -> dict[int, Any] | None:
        """As JPEG, PNG and WebP have it: all tags, the nested ones too; None without EXIF."""
        return self.getexif()._get_merged_dict() if "exif" in self.info else None

    def draft(
        self, mode: str | None, size: tuple[int, int] | None
    ) -> tuple[str, tuple[int, int, float, float]] | None:
        """Decode only as many pixels as `size` needs; `Image.thumbnail` calls this.

        Args:
            mode: not looked at; the picture keeps its own.
            size: (width, height) that the result must at least have.

        Returns:
            None if nothing changes: the pixels are there already, or the coding has no early
            levels. Else the mode, and the box of the whole picture in the new, smaller one.
        """
        if size is None or self._header is None or self.fp is None or self._im is not None:
            return None

        width, height = self._header.size
        interval = registry.of(self._header).draft_interval((width, height), size)
        if interval == self._draft_interval:
            return None
        self._draft_interval = interval
        self._size = -(-width // interval), -(-height // interval)
        return self.mode, (0, 0, width / interval, height / interval)

    def load_seek(self, pos: int) -> None:
        """Never called; its presence makes ImageFile.Parser wait for the whole file."""

    def load(self) -> Any:
        """Decode on first use; several threads may call it for one picture.

        Raises:
            CgxError: the file is damaged, cut short or needs a network that is not here.
            ValueError: the picture was closed before.
        """
        if self._load_lock is None:  # unpickled: its pixels are there
            return super().load()
        with self._load_lock:
            if self._im is None:
                self._decode()
            # Also hands the palette to the pixels, which only one thread may do.
            return super().load()

    def _decode(self) -> None:
        if self._header is None or self.fp is None:
            raise ValueError("operation on a closed CGX picture")
        from pillow_colorgrid import codec, pixels

        self.fp.seek(self._pixel_offset)
        sections, partial = self._read_sections(self.fp)
        interval = self._draft_interval
        if partial:
            decoded = codec.decode(self._header, sections, partial)[::interval, ::interval]
        else:
            decoded = codec.decode(self._header, sections, False, interval)
        self.im = pixels.to_image(decoded, self._header.mode).im
        self.readonly = 0
        if self._exclusive_fp and self._close_exclusive_fp_after_loading:
            self.fp.close()
        self.fp = None

    def _read_sections(self, fp: IO[bytes]) -> tuple[list[Section], bool]:
        """The sections from the pixels on, and whether only part of them is there."""
        sections: list[Section] = []
        try:
            sections.extend(container.read_sections(fp))
        except CgxError:
            # Read at call time: users switch it on and off.
            if not ImageFile.LOAD_TRUNCATED_IMAGES:
                raise
            return sections, True
        return sections, False

    def verify(self) -> None:
        """Check structure and checksums of the whole file without decoding it.

        As with all of Pillow's formats, the file must be opened again after this. A picture that is
        loaded already was checked then.

        Raises:
            CgxError: what is wrong.
            ValueError: the picture was closed before.
        """
        if self.fp is None:
            if self._im is None:
                raise ValueError("operation on a closed CGX picture")
            _ = self.im  # raises ValueError where close() was called
            return
        try:
            self.fp.seek(0)
            header = container.read_header(self.fp)
            types = [section.type for section in container.read_sections(self.fp)]

            from pillow_colorgrid import codec

            codec.check_sections(header, metadata.without(types))
        finally:
            super().verify()


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Encode `im` in memory, then write once: `fp` need not be seekable.

    Raises:
        OSError: a mode that cannot be stored, or a picture too large or empty.
        ValueError: a bad value of a known option.
    """
    keywords = getattr(im, "encoderinfo", {})
    _refuse_frames(im, keywords)
    coding, chosen = registry.asked_for(keywords)
    if im.mode not in container.MODE_IDS:
        allowed = ", ".join(container.MODE_IDS)
        raise OSError(f"cannot write mode {im.mode} as CGX (allowed: {allowed})")
    if not all(1 <= side <= container.MAX_SIDE for side in im.size):
        raise OSError(f"cannot write size {im.size} as CGX (allowed: 1 to {container.MAX_SIDE})")
    sections = metadata.to_write(im, keywords)

    from pillow_colorgrid import codec, pixels

    picture = Picture(pixels.from_image(im), im.mode, im, tuple(sections))
    fp.write(codec.encode(picture, coding, chosen, sections))


def _save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Save the one frame of a picture; refuse more.

    Raises:
        OSError: more than one frame.
    """
    keywords = getattr(im, "encoderinfo", {})
    _refuse_frames(im, keywords, all_frames=True)
    _save(im, fp, filename)


def _refuse_frames(im: Image.Image, keywords: Any, all_frames: bool = False) -> None:
    """Raise OSError where more than one frame is asked for.

    Without ``save_all`` the current frame of an animated picture is saved, as Pillow does for PNG.
    """
    frames = getattr(im, "n_frames", 1) if all_frames else 1
    frames += len(list(keywords.get("append_images") or ()))
    if frames > 1:
        raise OSError(f"cannot write {frames} frames as CGX (allowed: 1)")


def encode(im: Image.Image, **keywords: Any) -> bytes:
    """The bytes of the file that ``im.save(..., "CGX", **keywords)`` would write."""
    file = BytesIO()
    im.save(file, FORMAT, **keywords)
    return file.getvalue()


def register_cgx_opener(providers: Sequence[str] | None = None, threads: int | None = None) -> None:
    """Register the format with Pillow; ``import pillow_colorgrid`` does so too.

    Args:
        providers: onnxruntime providers to compute with, for instance
            ``["CUDAExecutionProvider"]``, [] for the CPU; default: the environment variable
            PILLOW_COLORGRID_PROVIDERS, else the CPU.
        threads: how many compute one picture; default: the environment variable
            PILLOW_COLORGRID_THREADS, else the processors this process may use.

    Raises:
        ValueError: `threads` is not a positive integer.
    """
    execution.choose(providers, threads)
    Image.register_open(FORMAT, CgxImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_save_all(FORMAT, _save_all)
    Image.register_extension(FORMAT, EXTENSION)
    Image.register_mime(FORMAT, MIME)


__all__ = ["CgxError", "CgxImageFile", "NewerFormatError", "encode", "register_cgx_opener"]
