"""Candidates of the jpeg coding's networks: their losses are bits of distributions."""

import numpy as np
import pytest
import torch

from tools.train import jpeg_candidates, jpeg_networks, jpeg_training
from tools.train.jpeg_candidates import CANDIDATES, logistics_bits, zero_flag_bits

VALUES = torch.arange(-400, 401, dtype=torch.float32)


@pytest.mark.parametrize(
    ("outputs", "bits"),
    [
        (2, logistics_bits(1)),
        (5, jpeg_training.mixture_bits),
        (8, logistics_bits(3)),
        (3, zero_flag_bits),
    ],
    ids=["one", "two, as it is", "three", "zero flag"],
)
def test_probabilities_add_up(outputs: int, bits: jpeg_training.Bits) -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        out = torch.randn(outputs, generator=generator).expand(len(VALUES), outputs)
        some = torch.full_like(VALUES, 3.0)
        total = torch.exp2(-bits(VALUES, out, 0.0, some, torch.log2(some))).sum()
        # each value is given 2**-15 more
        assert float(total) == pytest.approx(1 - 2**-9 + len(VALUES) * 2**-15, abs=2e-3)


def test_two_logistics_are_the_codings_own() -> None:
    out = torch.randn((len(VALUES), 5), generator=torch.Generator().manual_seed(2))
    gain = torch.full_like(VALUES, 2.0)
    given = VALUES, out, 0.5, gain, torch.log2(gain)
    assert torch.allclose(logistics_bits(2)(*given), jpeg_training.mixture_bits(*given), atol=1e-3)


@pytest.mark.parametrize("name", CANDIDATES)
def test_what_a_candidate_changes_is_put_back(name: str) -> None:
    before = sum(p.numel() for p in jpeg_networks.networks().parameters())
    with CANDIDATES[name].in_place():
        inside = sum(p.numel() for p in jpeg_networks.networks().parameters())
        bits, side = jpeg_training.mixture_bits, jpeg_training.side
    assert sum(p.numel() for p in jpeg_networks.networks().parameters()) == before
    same = bits is jpeg_training.mixture_bits and side is jpeg_training.side
    assert (inside == before and same) == (CANDIDATES[name] == jpeg_candidates.Candidate())


def test_without_luminance_colour_sees_zeros() -> None:
    values = np.ones((1, 64, 4, 4), np.int32)
    with CANDIDATES["colour does not see luminance"].in_place():
        assert not jpeg_training.side.at_color(values, 2, 2, 2, 2).any()
        assert not jpeg_training.side.dc_at_color(values[:, 0], 2, 2, 2, 2).any()
    assert jpeg_training.side.at_color(values, 2, 2, 2, 2).any()
