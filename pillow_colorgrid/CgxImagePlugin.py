"""Pillow glue: accept, open, load, verify, save, register, in the order in which Pillow calls them.

`Image.open` reads the header and the metadata before the pixels. numpy and onnxruntime are imported
when pixels are needed.
"""

import operator
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageFile, ImagePalette
from PIL._util import DeferredError

from pillow_colorgrid import container, metadata, misspelt
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError, NewerFormatError
from pillow_colorgrid.frames.directory import Directory, open_directory
from pillow_colorgrid.options import described
from pillow_colorgrid.runtime import execution
from pillow_colorgrid.runtime.forks import ForkLock

FORMAT = "CGX"
EXTENSION = ".cgx"
MIME = "image/x-cgx"

_inherited: list[IO[bytes]] = []
"""Files that a forked child must not even close: that would wait for their locks."""


def _accept(prefix: bytes) -> bool | str:
    """Whether `prefix` (16 bytes) begins a .cgx file; a newer one is explained by a string."""
    if not prefix.startswith(container.SIGNATURE):
        return False
    return container.newer_version(prefix) or True


class CgxImageFile(ImageFile.ImageFile):
    """A .cgx picture; its pixels are decoded when they are first needed.

    Attributes:
        n_frames, is_animated: as Pillow's other formats have them; `seek` chooses a frame.
    """

    format = FORMAT
    format_description = "Colorgrid (pictures compressed by networks that know colour)"

    # Class-level, because unpickled and copied pictures never see __init__ and _open.
    n_frames = 1
    is_animated = False
    _min_frame = 0
    fp: IO[bytes] | None = None
    _fp: Any = None
    filename: str | bytes = ""
    _exclusive_fp = False
    _frame = 0
    _directory: Directory | None = None
    _decoder: Any = None
    _draft_header: Header | None = None
    _draft_interval = 1
    _load_lock: ForkLock | None = None
    _reader_process: int | None = None
    """The process in which a thread decodes from the file just now."""

    def _open(self) -> None:
        assert self.fp is not None  # for mypy; Pillow has just set it
        self._directory = open_directory(self.fp)
        self.n_frames = self._directory.count
        if self.n_frames > 1:
            if ImageFile.LOAD_TRUNCATED_IMAGES:
                self.n_frames = self._directory.whole_count()
            self._close_exclusive_fp_after_loading = False
            self._fp = self.fp
        self.is_animated = self.n_frames > 1
        self._show(0)
        self.tile = []
        self._load_lock = ForkLock()

    def _show(self, frame: int) -> None:
        """Take over what is known of a frame before its pixels are."""
        assert self._directory is not None
        found = self._directory.describe(frame)
        self._size, self._mode = found.size, found.mode
        self.info = found.info
        self.palette = None
        if self._mode in metadata.INDEXED:
            self.palette = found.palette or ImagePalette.ImagePalette()
        self._draft_header, self._draft_interval = found.draft_header, 1
        self._frame = frame

    def tell(self) -> int:
        """The number of the current frame, from 0."""
        return self._frame

    def seek(self, frame: int) -> None:
        """Make another frame the current one; it is decoded when its pixels are needed.

        Raises:
            EOFError: there is no such frame.
            CgxError: its metadata are damaged.
            ValueError: the picture was closed before.
        """
        if not self._seek_check(frame):
            return
        if isinstance(self._fp, DeferredError):
            raise self._fp.ex
        if self._directory is not None and self._directory.index is not None:
            Image._decompression_bomb_check(self._directory.index.entries[frame].size)
        self._show(frame)
        self.fp = self._fp
        self._im = None
        self._exif = None

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
        if size is None or self._draft_header is None or self.fp is None or self._im is not None:
            return None

        width, height = self._draft_header.size
        interval = registry.of(self._draft_header).draft_interval((width, height), size)
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
        with self._load_lock.current:
            if self._im is None:
                self._decode()
            # Also hands the palette to the pixels, which only one thread may do.
            return super().load()

    def _decode(self) -> None:
        from pillow_colorgrid import pixels

        decoded = self._reading(
            lambda still: self._pixels_of_still() if still else self._pixels(),
        )
        self.im = pixels.to_image(decoded, self._mode).im
        self.readonly = 0
        assert self.fp is not None
        if self._exclusive_fp and self._close_exclusive_fp_after_loading:
            self.fp.close()
        self.fp = None

    def _reading(self, work: Callable[[bool], Any]) -> Any:
        """What `work` makes of the file, told whether it is a still.

        Raises:
            ValueError: the picture was closed before.
        """
        if self._directory is None or self.fp is None:
            raise ValueError("operation on a closed CGX picture")
        self._renew_after_fork()
        self._reader_process = os.getpid()
        try:
            return work(self._directory.index is None)
        finally:
            self._reader_process = None

    def region(self, box: tuple[int, int, int, int]) -> Image.Image:
        """A part of the picture, the same as ``crop(box)``, decoding only what it needs.

        The picture stays as it is: open, its other pixels not decoded. (Of several frames the
        current one is decoded whole.)

        Args:
            box: (left, upper, right, lower) in pixels, inside of the picture.

        Raises:
            CgxError: as `load`, of what is read.
            ValueError: `box` is no part of the picture, or the picture was closed before.
        """
        part = as_tile(box, self.size)
        if self._im is not None or self._load_lock is None:
            return self.crop(box)
        if self._draft_interval > 1:
            raise ValueError("region after draft, which made the picture smaller")
        with self._load_lock.current:
            decoded = self._reading(
                lambda still: self._region_of_still(part) if still else self._pixels()[part.place],
            )
        from pillow_colorgrid import pixels

        image = self._new(pixels.to_image(decoded, self._mode).im)
        if image.palette is not None:
            image.palette.dirty = 1
            image.load()
        return image

    def _region_of_still(self, part: Tile) -> Any:
        """As `_pixels_of_still`, of a part of the picture."""
        from pillow_colorgrid import codec

        assert self.fp is not None
        assert self._directory is not None
        self.fp.seek(self._directory.first)
        sections = list(container.read_sections(self.fp, later=True))
        return codec.decode_region(self._directory.header, sections, part)

    def _pixels_of_still(self) -> Any:
        """The pixels of the only frame, whose sections go on to the end of the file."""
        from pillow_colorgrid import codec

        assert self.fp is not None
        assert self._directory is not None
        self.fp.seek(self._directory.first)
        sections, partial = _read_sections(container.read_sections(self.fp))
        header, interval = self._directory.header, self._draft_interval
        if partial:
            self._tell_partial(sections)
            return codec.decode(header, sections, partial)[::interval, ::interval]
        return codec.decode(header, sections, False, interval)

    def _pixels(self) -> Any:
        """The pixels of the current one of several frames."""
        from pillow_colorgrid import codec
        from pillow_colorgrid.frames.decoder import Decoder

        assert self._directory is not None
        self._decoder = self._decoder or Decoder(self._directory)
        interval = self._draft_interval
        if self._frame == 0 and ImageFile.LOAD_TRUNCATED_IMAGES:
            sections, partial = _read_sections(self._directory.first_sections())
            if partial:
                self._tell_partial(sections)
                decoded = codec.decode(self._directory.header, sections, partial)
                return decoded[::interval, ::interval]
        return self._decoder.pixels(self._frame, interval)

    def _tell_partial(self, sections: Sequence[Section]) -> None:
        """Say in `info` that the file was cut: pixels are guessed or 0, but for some boxes."""
        assert self._directory is not None
        told, header = self.info["cgx"], self._directory.header
        told["partial"] = True
        coding, interval = registry.of(header), self._draft_interval
        if coding.sure is not None and interval == 1:
            tiles = coding.sure(header, [section.type for section in sections])
            told["sure"] = [(tile.left, tile.top, tile.right, tile.bottom) for tile in tiles]

    def _renew_after_fork(self) -> None:
        """Open the file anew in a child that was forked while another thread decoded from it.

        What the child inherited is locked by a thread that is not there, and the place where it
        reads is also the parent's.
        """
        if self._reader_process in (None, os.getpid()):
            return
        self._decoder = None
        if self._exclusive_fp and self.filename and self._directory is not None:
            _inherited.append(self._directory.fp)
            self.fp = open(self.filename, "rb")  # noqa: SIM115 (closed as Pillow closes it)
            self._directory = replace(self._directory, fp=self.fp)
            if self._fp is not None:
                self._fp = self.fp

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
            from pillow_colorgrid.frames import checking

            checking.check(self.fp)
        finally:
            super().verify()


def as_tile(box: tuple[int, int, int, int], size: tuple[int, int]) -> Tile:
    """A box of Pillow's as a rectangle.

    Raises:
        ValueError: it is not inside of a picture of `size` (width, height), or empty.
    """
    try:
        left, top, right, bottom = map(operator.index, box)
    except (TypeError, ValueError):
        raise ValueError(f"box={box!r}, allowed: four integers") from None
    width, height = size
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ValueError(f"box={box!r}, allowed: inside of (0, 0, {width}, {height}), not empty")
    return Tile(top, left, bottom - top, right - left)


def _read_sections(sections: Iterable[Section]) -> tuple[list[Section], bool]:
    """Sections as they are read, and whether only part of them is there."""
    found: list[Section] = []
    try:
        found.extend(sections)
    except CgxError:
        # Read at call time: users switch it on and off.
        if not ImageFile.LOAD_TRUNCATED_IMAGES:
            raise
        return found, True
    return found, False


def _save(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Encode `im` in memory, then write once: `fp` need not be seekable.

    Pictures in ``append_images=`` ask for all frames, as `Image.save` of later versions of Pillow
    has it for all formats.

    Raises:
        OSError: a mode that cannot be stored, or a picture too large or empty.
        ValueError: a bad value of a known option.
    """
    keywords = getattr(im, "encoderinfo", {})
    if keywords.get("append_images"):
        return _save_all(im, fp, filename)
    misspelt.warn(keywords, _keyword_names(), CALLER)
    coding, chosen = registry.asked_for(keywords)
    from pillow_colorgrid import codec
    from pillow_colorgrid.frames.encoder import gathering

    picture = gathering.picture(im, keywords)
    fp.write(codec.encode(picture, coding, chosen, picture.metadata))


def _save_all(im: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    """Save all frames of `im` and of the pictures in ``append_images=``; write once.

    Raises:
        OSError: as `_save`, of any frame; or more frames than a reader takes.
        ValueError: a bad value of a known option.
    """
    keywords = getattr(im, "encoderinfo", {})
    misspelt.warn(keywords, _keyword_names(), CALLER)
    coding, chosen = registry.asked_for(keywords)
    from pillow_colorgrid.frames.encoder import gathering, joined, writing

    data = joined.encode(im, coding, chosen, keywords)
    fp.write(data or writing.encode(gathering.gather(im, keywords), coding, chosen))


CALLER = 3
"""Levels of the stack from `_save` to who called `Image.save`."""


def _keyword_names() -> set[str]:
    """The keywords of `Image.save` that mean something here."""
    options = {name for coding in registry.all_codings() for name in described(coding.options)}
    frames = {"save_all", "append_images", "duration", "loop", "default_image"}
    return {"mode", "coding", *options, *frames, *metadata.KINDS, metadata.OTHERS}


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
