"""The networks of the jpeg coding.

Luminance and colour each keep a *state* for every block. `Start` makes it from the neighbours' DC
(colour: and from the whole luminance of the place); `Update` adds what each coded group of
coefficients tells; `Head` gives the distributions of the next group, once for each step of blocks,
from the state and from what neighbours hold in the same group. `Lattice` does the same for DC.

All that passes between these graphs is bytes of `EXCHANGED`.
"""

from typing import Any

import torch
from torch import Tensor, nn

from pillow_colorgrid.codings.jpeg import dc_context, features, layout
from tools.train.layers import Coded, Ops, QConv

EXCHANGED = Coded(shift=4, signed=True)
"""Features of coefficients, the state, what is known of the table: steps of 1/16."""

TABLE_INPUT = Coded(shift=6, signed=True)
"""Logarithms of quantisation steps."""

TABLE_OUTPUT = Coded(shift=4)

HIDDEN = Coded(shift=5)
"""Behind a ReLU: 0..7.97."""

TABLE_WIDTH = 48
"""Numbers that tell a network what the tables are."""

STATE = {"luminance": 80, "color": 56}
"""Numbers of a block's state."""

LATTICE_WIDTH = {"luminance": 64, "cb": 48, "cr": 48}


class Table(nn.Module):
    """(N, 64 * components, 1, 1) -> (N, 48, 1, 1)."""

    def __init__(self, components: int) -> None:
        super().__init__()
        self.conv = QConv(64 * components, TABLE_WIDTH, 1, TABLE_INPUT, TABLE_OUTPUT)

    def forward(self, ops: Ops, tables: Any) -> Any:
        return ops.conv(self.conv, tables)


class Start(nn.Module):
    """Neighbours' DC, tables (and luminance) -> the first state."""

    def __init__(self, plane: str) -> None:
        super().__init__()
        width = STATE[plane]
        planes = 1 if plane == "luminance" else 3
        self.join = QConv(8 + 16 * planes + TABLE_WIDTH, width, 1, EXCHANGED, EXCHANGED)
        if plane == "color":
            self.side = QConv(64 * features.FEATURES, width, 3, EXCHANGED, EXCHANGED)
            self.first = QConv(width, width, 1, EXCHANGED, HIDDEN)
            self.second = QConv(width, width, 1, HIDDEN, EXCHANGED)

    def forward(self, ops: Ops, near: Any, side: Any = None) -> Any:
        state = ops.conv(self.join, near)
        if side is None:
            return state
        state = ops.add(state, ops.conv(self.side, side), EXCHANGED)
        return ops.add(state, ops.conv(self.second, ops.conv(self.first, state)), EXCHANGED)


class Update(nn.Module):
    """State, features of a group (3x3 blocks around), tables -> the next state."""

    def __init__(self, plane: str, coefficients: int) -> None:
        super().__init__()
        width = STATE[plane]
        self.group = QConv(features.FEATURES * coefficients, width, 3, EXCHANGED, EXCHANGED)
        self.first = QConv(width + TABLE_WIDTH, width, 1, EXCHANGED, HIDDEN)
        self.second = QConv(width, width, 1, HIDDEN, EXCHANGED)

    def forward(self, ops: Ops, state: Any, group: Any, table: Any) -> Any:
        state = ops.add(state, ops.conv(self.group, group), EXCHANGED)
        hidden = ops.conv(self.first, ops.concat(state, table))
        return ops.add(state, ops.conv(self.second, hidden), EXCHANGED)


def around_inputs(group: layout.Group) -> int:
    """Bytes of a group's neighbours: features of eight blocks, and which are known."""
    return len(features.AROUND) * (features.FEATURES * len(group.frequencies) + 1)


class Head(nn.Module):
    """State of the blocks of a step (and their neighbours in the group) -> distributions."""

    def __init__(self, plane: str, group: layout.Group) -> None:
        super().__init__()
        width = STATE[plane]
        if group.steps:
            self.around = QConv(around_inputs(group), width, 1, EXCHANGED, EXCHANGED)
        self.first = QConv(width, width, 1, EXCHANGED, HIDDEN)
        self.second = QConv(width, width, 1, HIDDEN, EXCHANGED)
        self.out = QConv(width, group.outputs, 1, HIDDEN, None)

    def forward(self, ops: Ops, state: Any, around: Any = None) -> Any:
        if around is not None:
            state = ops.add(state, ops.conv(self.around, around), EXCHANGED)
        hidden = ops.conv(self.first, state)
        return ops.conv(self.out, ops.add(state, ops.conv(self.second, hidden), HIDDEN))


class Lattice(nn.Module):
    """What is around a DC coefficient (dc_context) -> its distribution."""

    def __init__(self, width: int, known_planes: int) -> None:
        super().__init__()
        inputs = dc_context.OWN_INPUTS + dc_context.SIDE_INPUTS * known_planes
        self.join = QConv(inputs, width, 1, EXCHANGED, HIDDEN)
        self.blocks = nn.ModuleList(QConv(width, width, 1, HIDDEN, HIDDEN) for _ in range(2))
        self.out = QConv(width, layout.DC_OUTPUTS, 1, HIDDEN, None)

    def forward(self, ops: Ops, x: Any) -> Any:
        x = ops.conv(self.join, x)
        for block in self.blocks:
            x = ops.add(x, ops.conv(block, x), HIDDEN)
        return ops.conv(self.out, x)


def networks() -> nn.ModuleDict:
    """All networks by name: luminance_start, luminance_head_0, ..., dc_cr_cross."""
    made: dict[str, nn.Module] = {}
    for plane, groups in layout.GROUPS.items():
        made[f"{plane}_table"] = Table(layout.COMPONENTS[plane])
        made[f"{plane}_start"] = Start(plane)
        for number, group in enumerate(groups):
            made[f"{plane}_head_{number}"] = Head(plane, group)
            if number + 1 < len(groups):
                made[f"{plane}_update_{number}"] = Update(plane, len(group.frequencies))
    for known, (component, width) in enumerate(LATTICE_WIDTH.items()):
        for kind in ("diagonal", "cross"):
            made[f"dc_{component}_{kind}"] = Lattice(width, known)
    return nn.ModuleDict(made)


def real(bytes_: "torch.Tensor", coded: Coded = EXCHANGED) -> Tensor:
    """Bytes -> the numbers they stand for."""
    return (bytes_.float() - coded.zero) * 2.0**-coded.shift
