"""What the stored coding shows of its inside: what each part of a picture takes."""

from collections.abc import Mapping, Sequence

import numpy as np

from pillow_colorgrid.codings.base import only
from pillow_colorgrid.codings.layers import Layer, coarse_heat_map
from pillow_colorgrid.codings.stored import parts as stored_parts
from pillow_colorgrid.codings.stored.description import STORED_PICTURE
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.container import Header, Section


class Inside:
    """One file."""

    def __init__(self, header: Header, sections: Sequence[Section]) -> None:
        self.header, self.sections = header, sections

    def spent(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The bytes of the sections: they are what there is to tell."""
        return dict(by_section)

    spent_by_plane = spent

    def layers(self) -> list[Layer]:
        """Bits by part; of a picture in one piece there is nothing to tell."""
        width, height = self.header.size
        bits = np.zeros((height, width))
        whole = Tile(0, 0, height, width)
        for tile, data in stored_parts.unpack(only(self.sections, STORED_PICTURE), whole):
            bits[tile.place] = 8 * len(data) / (tile.height * tile.width)
        return [coarse_heat_map(bits, "part")]
