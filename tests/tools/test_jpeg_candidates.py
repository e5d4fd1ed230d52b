"""Candidates of the jpeg coding's networks: their losses are of distributions."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tools.train import jpeg_candidates, jpeg_networks, jpeg_training
from tools.train.jpeg_candidates import CANDIDATES, flag_mass, logistics_mass

VALUES = torch.arange(-400, 401, dtype=torch.float32)


@pytest.mark.parametrize(
    ("outputs", "mass"),
    [
        (2, logistics_mass(1, peaked=False)),
        (3, jpeg_training.ac_mass),
        (6, logistics_mass(2, peaked=True)),
        (3, flag_mass),
    ],
    ids=["one", "peaked, as it is", "two, peaked", "flag"],
)
def test_mass_adds_up(outputs: int, mass: jpeg_training.Mass) -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        out = torch.randn(outputs, generator=generator).expand(len(VALUES), outputs)
        some = torch.full_like(VALUES, 3.0)
        total = mass(VALUES, out, some, torch.log2(some)).sum()
        assert float(total) == pytest.approx(1, abs=2e-3)


def test_a_peaked_logistic_is_the_codings_own() -> None:
    out = torch.randn((len(VALUES), 3), generator=torch.Generator().manual_seed(2))
    gain = torch.full_like(VALUES, 2.0)
    given = VALUES, out, gain, torch.log2(gain)
    assert torch.allclose(
        logistics_mass(1, peaked=True)(*given), jpeg_training.ac_mass(*given), atol=1e-6
    )


@pytest.mark.parametrize("name", CANDIDATES)
def test_what_a_candidate_changes_is_put_back(name: str) -> None:
    before = sum(p.numel() for p in jpeg_networks.networks().parameters())
    with CANDIDATES[name].in_place():
        inside = sum(p.numel() for p in jpeg_networks.networks().parameters())
        mass, side = jpeg_training.ac_mass, jpeg_training.side
    assert sum(p.numel() for p in jpeg_networks.networks().parameters()) == before
    same = mass is jpeg_training.ac_mass and side is jpeg_training.side
    alike = replace(CANDIDATES[name], muon=True) == jpeg_candidates.Candidate()
    assert (inside == before and same) == alike


def test_without_luminance_colour_sees_zeros() -> None:
    values = np.ones((1, 64, 4, 4), np.int32)
    with CANDIDATES["colour does not see luminance"].in_place():
        assert not jpeg_training.side.at_color(values, 2, 2, 2, 2).any()
        assert not jpeg_training.side.dc_at_color(values[:, 0], 2, 2, 2, 2).any()
    assert jpeg_training.side.at_color(values, 2, 2, 2, 2).any()
