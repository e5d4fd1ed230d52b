"""What the decolorized coding shows of its inside: bottleneck, prediction, residual."""

import numpy as np
from PIL import Image

from pillow_colorgrid.codings.base import NETWORKS
from pillow_colorgrid.codings.decolorized import coding as decolorized
from pillow_colorgrid.codings.decolorized.bottleneck import Bottleneck
from pillow_colorgrid.codings.decolorized.coding import BLOCK
from pillow_colorgrid.codings.decolorized.description import BOTTLENECK, INNER
from pillow_colorgrid.codings.layers import RESIDUAL_GAIN, Layer, PlainInside, coarse_heat_map
from pillow_colorgrid.codings.tiles import tiles
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.color.ycocg_bytes import CHROMA_ZERO
from pillow_colorgrid.pixels import LAYOUTS
from pillow_colorgrid.runtime import networks


class Inside(PlainInside):
    """One file."""

    def layers(self) -> list[Layer]:
        """Bottleneck, prediction and residual, where a network predicted; bits by tile."""
        references = [s.payload for s in self.sections if s.type == NETWORKS.type]
        if not references or LAYOUTS[self.header.mode].channels < 3:
            return [self._rate()]
        network = networks.read_roles(references[0], (decolorized.A_DECODER,))[0]
        width, height = self.header.size
        pixels = decolorized.decode(self.header, self.sections)[..., :3]
        painted = np.zeros((height, width, 3), np.uint8)
        residual = np.zeros((height, width), np.int16)
        seen = np.full((-(-height // BLOCK), -(-width // BLOCK), 3), 128, np.uint8)
        bottlenecks = {
            decolorized.TILE_NUMBER.unpack_from(section.payload)[0]: section.payload[4:]
            for section in self.sections
            if section.type == BOTTLENECK.type
        }
        for number, tile in enumerate(tiles(height, width)):
            y, co, cg = ycocg.forward(pixels[tile.place])
            if number not in bottlenecks:
                painted[tile.place] = y[..., None]
                continue
            blocks = (-(-tile.height // BLOCK), -(-tile.width // BLOCK))
            bottleneck = Bottleneck.unpack(bottlenecks[number], blocks)
            chroma = decolorized.predict_chroma(network, bottleneck, y.astype(np.uint8))
            expected = chroma.astype(np.int32) - CHROMA_ZERO
            painted[tile.place] = ycocg.inverse_clipped(y.astype(np.int32), *expected)
            residual[tile.place] = abs(co - expected[0]) + abs(cg - expected[1])
            top, left = tile.top // BLOCK, tile.left // BLOCK
            here = np.s_[top : top + blocks[0], left : left + blocks[1], :2]
            seen[here] = bottleneck.network_bytes().transpose(1, 2, 0)
        found = [
            Layer(
                "bottleneck",
                f"Two numbers for {BLOCK} x {BLOCK} pixels, as red and green.",
                Image.fromarray(seen),
                BLOCK,
            ),
            Layer(
                "prediction",
                "What the network paints from luminance and bottleneck alone.",
                Image.fromarray(painted),
                is_picture=True,
            ),
            Layer(
                "residual of colour",
                f"|Co| + |Cg| it did not foresee, {RESIDUAL_GAIN} times as strong; black is right.",
                Image.fromarray(np.clip(RESIDUAL_GAIN * residual, 0, 255).astype(np.uint8)),
            ),
        ]
        return [*found, self._rate()]

    def _rate(self) -> Layer:
        """Bits per pixel of each tile."""
        width, height = self.header.size
        bits = np.zeros((height, width))
        layout = tiles(height, width)
        for section in self.sections:
            if section.type in (BOTTLENECK.type, INNER.type):
                tile = layout[decolorized.TILE_NUMBER.unpack_from(section.payload)[0]]
                bits[tile.place] += 8 * len(section.payload) / (tile.height * tile.width)
        return coarse_heat_map(bits, "tile")
