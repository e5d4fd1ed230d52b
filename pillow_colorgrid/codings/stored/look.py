"""What the stored coding shows of its inside: what each part of a picture takes."""

import numpy as np

from pillow_colorgrid.codings.base import only
from pillow_colorgrid.codings.layers import Layer, PlainInside, coarse_heat_map
from pillow_colorgrid.codings.stored import parts as stored_parts
from pillow_colorgrid.codings.stored.description import STORED_PICTURE
from pillow_colorgrid.codings.tiles import Tile


class Inside(PlainInside):
    """One file."""

    def layers(self) -> list[Layer]:
        """Bits by part; of a picture in one piece there is nothing to tell."""
        width, height = self.header.size
        bits = np.zeros((height, width))
        whole = Tile(0, 0, height, width)
        for tile, data in stored_parts.unpack(only(self.sections, STORED_PICTURE), whole):
            bits[tile.place] = 8 * len(data) / (tile.height * tile.width)
        return [coarse_heat_map(bits, "part")]
