"""Crayon: the network that paints colour from the luminance and a sparse grid of hints.

A U-Net on cells of 2 x 2 pixels, four halvings deep, skips by addition. One network serves every
grid from 2 to 128 pixels: it sees the hints interpolated, how near the next grid point is (mask)
and the grid's interval, and adds an offset and a slope over the luminance's detail to what was
interpolated. In the first layer hints and luminance share one convolution, which is the same as a
convolution of their own added to the stem.

Source: Tassin, Goebel & Lasher, "Crayon", arXiv 2502.05402, after XiaoNet (Xiao et al., arXiv
1801.09083); one network for all grids, the interpolated hints, slopes, cells and integers are ours.
"""

from itertools import pairwise

from torch import Tensor, nn

from pillow_colorgrid.codings.crayon import network
from tools.train.layers import Coded, Ops, QConv

INPUT = Coded(shift=4, signed=True)
FEATURES = Coded(shift=5)
UPDATE = Coded(shift=5, signed=True)
"""What a block adds to its input."""

WIDTHS = (48, 64, 96, 128, 128)
"""Features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the resolution."""

BLOCKS_DOWN, BLOCKS_UP = (1, 1, 1, 1, 2), (3, 1, 1, 1)
"""Residual 3x3 convolutions on each resolution."""


class Blocks(nn.ModuleList):
    """Residual 3x3 convolutions, one after the other."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__(QConv(width, width, 3, FEATURES, UPDATE) for _ in range(count))

    def forward(self, ops: Ops, x: Tensor) -> Tensor:
        for block in self:
            x = ops.add(x, ops.conv(block, x), FEATURES)
        return x


class Crayon(nn.Module):
    """(N, INPUTS, H/2, W/2) -> (N, OUTPUTS, H/2, W/2); H and W are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = QConv(network.INPUTS, WIDTHS[0], 3, INPUT, FEATURES)
        self.down = nn.ModuleList(
            QConv(a, b, 3, FEATURES, FEATURES, stride=2) for a, b in pairwise(WIDTHS)
        )
        self.blocks_down = nn.ModuleList(map(Blocks, WIDTHS, BLOCKS_DOWN))
        self.up = nn.ModuleList(QConv(b, a, 1, FEATURES, UPDATE) for a, b in pairwise(WIDTHS))
        self.blocks_up = nn.ModuleList(map(Blocks, WIDTHS[:-1], BLOCKS_UP))
        self.head = QConv(WIDTHS[0], network.OUTPUTS, 1, FEATURES, None)
        self.head.weight.data *= 0.1  # begin with the interpolated hints

    def forward(self, ops: Ops, x: Tensor) -> Tensor:
        x = ops.conv(self.stem, x)
        skips = []
        for blocks, down in zip(self.blocks_down, [*self.down, None], strict=True):
            x = blocks(ops, x)
            if down is not None:
                skips.append(x)
                x = ops.conv(down, x)
        for up, blocks in zip(reversed(self.up), reversed(self.blocks_up), strict=True):
            x = ops.add(skips.pop(), ops.upsample(ops.conv(up, x)), FEATURES)
            x = blocks(ops, x)
        return ops.conv(self.head, x)
