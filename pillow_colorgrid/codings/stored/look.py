"""What the stored coding shows of its inside: what each part of a picture takes."""

from collections.abc import Mapping

import numpy as np

from pillow_colorgrid.codings.base import only
from pillow_colorgrid.codings.layers import Layer, PlainInside, coarse_heat_map
from pillow_colorgrid.codings.stored import parts as stored_parts, rectangles
from pillow_colorgrid.codings.stored.description import RECTANGLE, STORED_PICTURE
from pillow_colorgrid.codings.stored.rectangles import Rectangle
from pillow_colorgrid.codings.tiles import Tile


class Inside(PlainInside):
    """One file."""

    def spent(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The bytes of the sections, those of rectangles by their codings."""
        spent = dict(by_section)
        spent.pop(RECTANGLE.name, None)
        for rectangle in self._rectangles():
            name = f"{RECTANGLE.name}s, {rectangle.coding.name}"
            spent[name] = spent.get(name, 0) + len(rectangles.pack(rectangle).payload)
        return spent

    def layers(self) -> list[Layer]:
        """Bits by part and rectangle; of a picture in one piece there is nothing to tell."""
        width, height = self.header.size
        bits = np.zeros((height, width))
        whole = Tile(0, 0, height, width)
        for tile, data in stored_parts.unpack(only(self.sections, STORED_PICTURE), whole):
            bits[tile.place] = 8 * len(data) / (tile.height * tile.width)
        for rectangle in self._rectangles():
            tile = rectangle.tile
            size_bytes = len(rectangles.pack(rectangle).payload)
            bits[tile.place] = 8 * size_bytes / (tile.height * tile.width)
        return [coarse_heat_map(bits, "part")]

    def _rectangles(self) -> list[Rectangle]:
        return rectangles.unpack(self.sections, self.header)
