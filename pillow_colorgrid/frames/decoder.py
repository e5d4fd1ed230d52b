"""The pixels of frames, decoded only as far as needed.

A frame that is made of an earlier one needs that one. The last ones shown are kept, so that showing
a file from the first frame to the last decodes each once.
"""

from collections import OrderedDict

import numpy as np
from PIL import ImagePalette

from pillow_colorgrid import codec, container
from pillow_colorgrid.container import Header
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.frames import payload
from pillow_colorgrid.frames.directory import Directory
from pillow_colorgrid.frames.payload import DIFFERENCE, MIDDLE, MOVE, Frame, Patch
from pillow_colorgrid.pixels import Bytes, Pixels

KEPT_BYTES = 2**26
"""Pixels of frames shown before are kept up to so many; of larger frames, one."""

OPAQUE = 255

COLOR_PALETTES = ("RGB", "RGBA")
"""Modes of palettes through which a base becomes RGB or RGBA."""


class Decoder:
    """Decodes the frames of a file that has several. Arrays that it hands out are not changed."""

    def __init__(self, directory: Directory) -> None:
        """Begin with nothing kept."""
        assert directory.index is not None
        self._directory = directory
        self._entries = directory.index.entries
        self._bases = {entry.base for entry in self._entries}
        self._kept: OrderedDict[int, Pixels] = OrderedDict()

    def pixels(self, number: int, interval: int = 1) -> Pixels:
        """The (H, W, C) pixels of a frame, exactly as they were saved.

        Args:
            interval: every so many pixels of every such row; more than 1 only of a frame that is a
                picture of its own.

        Raises:
            CgxError: it, or a frame that it is made of, is damaged or missing.
        """
        if interval > 1:
            return self._picture(number, self._frame(number), interval)
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        chain = self._chain(number)
        frames = [self._frame(one) for one in chain]
        payload.check_cost(frames, self._entries[number].size)
        below = self._entries[chain[-1]].base
        shown = self._kept[below] if below is not None else self._picture(chain.pop(), frames.pop())
        stated = b""
        for one, frame in zip(reversed(chain), reversed(frames), strict=True):
            shown = self._patched(shown, one, frame)
            stated = frame.checksum or stated
        if stated and container.pixel_checksum(shown.tobytes()) != stated:
            raise DamagedError(f"frame {number} does not have the checksum that the file states")
        self._keep(number, shown)
        return shown

    def _chain(self, number: int) -> list[int]:
        """It, its base, the base of that, ... down to a picture of its own, or one that is kept."""
        chain = [number]
        while (base := self._entries[chain[-1]].base) is not None and base not in self._kept:
            chain.append(base)
        return chain

    def _frame(self, number: int) -> Frame:
        if number:
            return self._directory.read(number)
        header = self._directory.header
        sections = tuple(self._directory.first_sections())
        return Frame(header.checksum, header.coding, sections=sections)

    def _keep(self, number: int, shown: Pixels) -> None:
        """Keep a frame that others are made of, and forget those that were not used for longest."""
        if number not in self._bases:
            return
        self._kept[number] = shown
        while len(self._kept) > 1 and sum(p.nbytes for p in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)

    # -- one frame --------------------------------------------------------------------------------

    def _picture(self, number: int, frame: Frame, interval: int = 1) -> Pixels:
        """A picture of its own."""
        header = self._directory.header_of(number, frame.coding, frame.checksum)
        return codec.decode(header, frame.sections, False, interval)

    def _patched(self, below: Pixels, number: int, frame: Frame) -> Pixels:
        """A frame, made of the pixels of its base."""
        entry = self._entries[number]
        assert entry.base is not None
        if self._entries[entry.base].mode != entry.mode:
            described = self._directory.describe(entry.base)
            transparency = described.info.get("transparency")
            below = through_palette(below, entry.mode, described.palette, transparency)
        if not frame.patches:
            return below
        shown = below.copy()
        for patch in frame.patches:
            self._apply(patch, below, shown, entry.mode)
        return shown

    def _apply(self, patch: Patch, below: Pixels, shown: Pixels, mode: str) -> None:
        """Change `shown`, which begins as `below`."""
        place, box = shown[patch.box.place], patch.box
        if patch.kind == MOVE:
            left, top = patch.source
            place[...] = below[top : top + box.height, left : left + box.width]
            return
        size = (box.width, box.height)
        minor = self._directory.header.minor
        header = Header(patch.coding, mode, size, container.UNSTATED, minor)
        pixels = codec.decode_unchecked(header, patch.sections)
        if patch.kind == DIFFERENCE:
            place += pixels - np.uint8(MIDDLE)
        else:
            place[...] = pixels


def through_palette(
    indices: Bytes,
    mode: str,
    palette: ImagePalette.ImagePalette | None,
    transparency: object,
) -> Bytes:
    """(H, W, 1) indices -> (H, W, 3 or 4) of mode RGB or RGBA, as Pillow converts them.

    Args:
        palette: of mode RGB or RGBA; colours that it lacks are black.
        transparency: the index whose alpha is 0; or the alpha of each; what it lacks is opaque.

    Raises:
        DamagedError: a palette of another mode.
    """
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = OPAQUE
    if palette is not None:
        if palette.mode not in COLOR_PALETTES:
            raise DamagedError(
                f"palette of mode {palette.mode} in the base of a frame of mode {mode}, allowed: "
                f"{', '.join(COLOR_PALETTES)}"
            )
        channels = len(palette.mode)
        colors = np.frombuffer(bytes(palette.palette), np.uint8).reshape(-1, channels)
        table[: len(colors), :channels] = colors
    if isinstance(transparency, int) and 0 <= transparency < len(table):
        table[transparency, 3] = 0
    if isinstance(transparency, bytes):
        alpha = np.frombuffer(transparency[: len(table)], np.uint8)
        table[: len(alpha), 3] = alpha
    return np.ascontiguousarray(table[indices[..., 0], : len(mode)])
