"""Narrower networks keep what the wide ones say, where what they leave out says nothing."""

import pytest
import torch

from tools.train.layers import TorchOps
from tools.train.lossless_narrower import narrow
from tools.train.lossless_networks import Predictor

DEAD = [1, 4, 6]
"""Channels of the wide network that hold nothing and tell nothing."""


@torch.no_grad()
def wide_network() -> Predictor:
    torch.manual_seed(3)
    network = Predictor(inputs=7, width=8, depth=3, outputs=2)
    for parameter in network.parameters():
        parameter.normal_(0, 0.2)
    network.join.weight[DEAD] = 0
    network.join.bias[DEAD] = 0
    for block in network.blocks:
        block.weight[DEAD] = 0
        block.bias[DEAD] = 0
    network.blocks[1].weight.zero_()
    network.blocks[1].bias.zero_()
    return network


@torch.no_grad()
def test_what_is_dead_is_left_out_and_nothing_else() -> None:
    wide = wide_network()
    network = Predictor(inputs=7, width=5, depth=2, outputs=2)
    narrow(wide, network)
    x = torch.randn(2, 7, 9, 11)
    expected, found = (one(TorchOps(quantised=False), x) for one in (wide, network))
    assert expected.std() > 0.1
    assert torch.allclose(expected, found, atol=1e-5)


@pytest.mark.parametrize(("width", "depth"), [(9, 2), (5, 4)])
def test_wider_or_deeper_is_refused(width: int, depth: int) -> None:
    with pytest.raises(ValueError, match=f"width {width}, depth {depth}: at most 8, 3"):
        narrow(wide_network(), Predictor(inputs=7, width=width, depth=depth, outputs=2))
