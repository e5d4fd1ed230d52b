"""The probability networks of the lossless coding.

One `Predictor` for each pass over the cells of a grid level: it sees the known pixels around a cell
(`codings.lossless_context`) and tells for each pixel of the pass where its value lies and how sure
that is (`codings.lossless_distribution`). All cells of a pass are computed at once.

The finest level holds three quarters of the pixels and looks unlike the coarse ones: the two finest
levels have networks of their own, all coarser levels share theirs.
"""

from torch import Tensor, nn

from pillow_colorgrid.codings.lossless import context, distribution
from tools.train.layers import Coded, Ops, QConv

INPUT = Coded(shift=4, signed=True)
"""Differences of pixels: a step is 1/16."""

FEATURES = Coded(shift=5)
"""Between layers: 0..7.97."""

UPDATE = Coded(shift=5, signed=True)
"""What a block adds to its input: -4..3.97."""

PLANES = {
    "luminance": (context.LUMINANCE_INPUTS, distribution.LUMINANCE_OUTPUTS),
    "color": (context.COLOR_INPUTS, distribution.COLOR_OUTPUTS),
}
"""Inputs of the (diagonal, cross) pass, and outputs for each pixel of the pass."""

PASSES = {"diagonal": 1, "cross": 2}
"""Pixels of a cell that a pass codes."""


class Predictor(nn.Module):
    """(N, inputs, rows, columns) -> (N, outputs, rows, columns).

    A 1x1 convolution joins the inputs; `depth` residual 3x3 blocks follow; a 1x1 head that is not
    rounded gives the outputs as multiples of a power of two.
    """

    def __init__(self, inputs: int, width: int, depth: int, outputs: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.join = QConv(inputs, width, 1, INPUT, FEATURES)
        self.blocks = nn.ModuleList(QConv(width, width, 3, FEATURES, UPDATE) for _ in range(depth))
        self.head = QConv(width, outputs, 1, FEATURES, None)
        self.head.weight.data *= 0.1

    def features(self, ops: Ops, x: Tensor) -> Tensor:
        """What the head sees, and what an adaptation corrects by (lossless_adaptation)."""
        x = ops.conv(self.join, x)
        for block in self.blocks:
            x = ops.add(x, ops.conv(block, x), FEATURES)
        return x

    def forward(self, ops: Ops, x: Tensor) -> Tensor:
        return ops.conv(self.head, self.features(ops, x))


def predictors(width: int, depths: dict[str, int]) -> nn.ModuleDict:
    """All networks, by "plane_level_pass": luminance_fine_diagonal, ..., color_coarse_cross.

    Args:
        depths: for each kind of level ("fine", "second", "coarse") the number of 3x3 blocks.
    """
    return nn.ModuleDict(
        {
            f"{plane}_{level}_{name}": Predictor(inputs[index], width, depth, outputs * pixels)
            for plane, (inputs, outputs) in PLANES.items()
            for level, depth in depths.items()
            for index, (name, pixels) in enumerate(PASSES.items())
        }
    )
