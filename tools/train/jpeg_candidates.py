"""Which distribution, which steps, how wide, with what of luminance? Equal short trainings.

    nice -n 19 python -m tools.train.jpeg_candidates --data DIR \\
        --out tools/results/jpeg_candidates.tsv

Each candidate differs from the networks of the jpeg coding in one thing, and is trained from the
same numbers on the same pictures for the same number of steps, in floats. A line of the table: bits
per pixel of luminance on pictures that no training has seen, by part; weights; seconds of the
processor; percent more bits than the first line. A run may be stopped and begun again: lines that
are there stay. With 250 steps one to two minutes of a quiet core each.

Found by Adam, when AC coefficients still were two logistics (tools/results/jpeg_candidates.tsv):
three logistics take 0.8 % less, one alone 1.3 % more; finer or coarser steps 0.0 to 0.5 % more; a
narrower state 1.4 % more, a wider one 1.4 % less; colour that does not see luminance 0.8 % less,
which a longer training must turn round. One logistic and a flag for zero took 2.3 % less, with a
peak in place of the flag 2.8 %, two logistics and a peak 3.2 %: so the peak it is, with half the
arithmetic of two logistics. Then Muon instead of Adam: 4.0 % less again.
"""

import argparse
import csv
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pillow_colorgrid.codings.jpeg import layout, side
from tools.data.crops import load_crops
from tools.data.jpeg_files import Batch, batches
from tools.train import jpeg_networks, jpeg_training
from tools.train.jpeg_training import PARTS, Ops

LEARNING_RATE, HEAD_LEARNING_RATE = 4e-3, 1.2e-3

HELD_OUT_BATCHES = 8


def logistics_mass(count: int, peaked: bool) -> "jpeg_training.Mass":
    """A mixture of `count` logistics, and a peak at zero: means, scales, weights."""

    def mass(value: Tensor, out: Tensor, gain: Tensor, log2_scale: Tensor) -> Tensor:
        parts = _logistics(value, out, count, gain, log2_scale)
        if peaked:
            parts = torch.cat([parts, (value == 0).float()[..., None]], -1)
        logits = torch.cat([torch.zeros_like(out[..., :1]), out[..., 2 * count :]], -1)
        return (functional.softmax(logits, -1) * parts).sum(-1)

    return mass


def flag_mass(value: Tensor, out: Tensor, gain: Tensor, log2_scale: Tensor) -> Tensor:
    """A flag for zero; one logistic, without zero, for what is not."""
    mass = _logistics(value, out, 1, gain, log2_scale)[..., 0]
    of_zero = _logistics(torch.zeros_like(value), out, 1, gain, log2_scale)[..., 0]
    zero = torch.sigmoid(out[..., 2])
    other = (1 - zero) * mass / (1 - of_zero).clamp(min=2**-12)
    return torch.where(value == 0, zero, other)


def _logistics(value: Tensor, out: Tensor, count: int, gain: Tensor, log2_scale: Tensor) -> Tensor:
    mean = out[..., :count] * gain[..., None]
    log2 = out[..., count : 2 * count] + log2_scale[..., None]
    return jpeg_training.logistic_mass(value[..., None], mean, log2)


@dataclass(frozen=True)
class Candidate:
    """What is other than in the networks of the coding.

    Attributes:
        outputs: numbers that a head gives for each AC coefficient.
        mass: of integers under what they mean; None: as it is, one logistic and a peak at zero.
        steps: of the blocks of all groups; None: as they are.
        state: numbers of a block's state, of luminance and of colour.
        side: whether colour sees luminance.
        muon: whether matrices are trained by Muon; else all by Adam, at the rate of heads.
    """

    outputs: int = layout.OUTPUTS
    mass: "jpeg_training.Mass | None" = None
    steps: tuple[tuple[layout.Phase, ...], ...] | None = None
    state: Mapping[str, int] = field(default_factory=lambda: jpeg_networks.STATE)
    side: bool = True
    muon: bool = True

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Networks and losses are those of this candidate."""
        with ExitStack() as changed:
            changed.enter_context(patch.object(layout, "OUTPUTS", self.outputs))
            changed.enter_context(patch.object(jpeg_networks, "STATE", self.state))
            if self.mass is not None:
                changed.enter_context(patch.object(jpeg_training, "ac_mass", self.mass))
            if self.steps is not None:
                groups = {
                    plane: tuple(replace(group, steps=self.steps) for group in some)
                    for plane, some in layout.GROUPS.items()
                }
                changed.enter_context(patch.object(layout, "GROUPS", groups))
            if not self.side:
                changed.enter_context(patch.object(jpeg_training, "side", _nothing_of_luminance()))
            yield


def _nothing_of_luminance() -> SimpleNamespace:
    """As `side`, but all of it is 0."""
    return SimpleNamespace(
        at_color=lambda *given: np.zeros_like(side.at_color(*given)),
        dc_at_color=lambda *given: np.zeros_like(side.dc_at_color(*given)),
    )


CANDIDATES = {
    "as it is: a logistic and a peak, steps by group, state of 80 and 56": Candidate(),
    "one logistic": Candidate(outputs=2, mass=logistics_mass(1, False)),
    "two logistics": Candidate(outputs=5, mass=logistics_mass(2, False)),
    "two logistics and a peak": Candidate(outputs=6, mass=logistics_mass(2, True)),
    "one logistic and a flag for zero": Candidate(outputs=3, mass=flag_mass),
    "Adam instead of Muon": Candidate(muon=False),
    "all blocks at once": Candidate(steps=layout.WHOLE),
    "checkerboard in all groups": Candidate(steps=layout.CHECKERBOARD),
    "four steps in all groups": Candidate(steps=layout.LATTICE),
    "state of 56 and 40": Candidate(state={"luminance": 56, "color": 40}),
    "state of 112 and 80": Candidate(state={"luminance": 112, "color": 80}),
    "colour does not see luminance": Candidate(side=False),
}


def trained(
    data: Path, steps: int, size: int, held_out: list[Batch], muon: bool = True
) -> dict[str, float]:
    """Train what is in place; bits of each part on `held_out`, weights, seconds."""
    torch.manual_seed(1)
    nets = jpeg_networks.networks()
    rates = (LEARNING_RATE, HEAD_LEARNING_RATE) if muon else (HEAD_LEARNING_RATE,)
    optimisers = (
        jpeg_training.optimisers_of(nets, *rates)
        if muon
        else [torch.optim.Adam(nets.parameters(), *rates, betas=jpeg_training.ADAM_BETAS)]
    )
    source = batches(load_crops(data), size, 3, 1)
    began = time.process_time()
    for step in range(steps):
        batch = next(source)
        share = min(1.0, (step + 1) / 30) * (0.01 + 0.99 * (1 + np.cos(np.pi * step / steps)) / 2)
        for optimiser, rate in zip(optimisers, rates, strict=True):
            optimiser.zero_grad(set_to_none=True)
            for group in optimiser.param_groups:
                group["lr"] = rate * share
        total = sum(jpeg_training.picture_bits(nets, batch, Ops(False)).values())
        pixels = batch.planes[0][0].size
        ((total / (total.detach() / pixels).sqrt()).mean() / pixels).backward()
        torch.nn.utils.clip_grad_norm_(nets.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
    seconds = time.process_time() - began
    found = jpeg_training.held_out_bits(nets, held_out, quantised=False)
    weights = sum(parameter.numel() for parameter in nets.parameters())
    return {**found, "weights": weights, "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--size", type=int, default=128, help="edge of a training square")
    given = parser.parse_args()
    torch.set_num_threads(1)
    apart = batches(load_crops(given.data, held_out=True), given.size, 4, 0)
    held_out = [next(apart) for _ in range(HELD_OUT_BATCHES)]
    columns = ["candidate", "steps", *PARTS, "bpp", "percent_more", "weights", "cpu_s"]
    rows = []
    if given.out.exists():
        with given.out.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    for name, candidate in CANDIDATES.items():
        if any(row["candidate"] == name for row in rows):
            continue
        with candidate.in_place():
            found = trained(given.data, given.steps, given.size, held_out, candidate.muon)
        total = sum(found[part] for part in PARTS)
        first = float(rows[0]["bpp"]) if rows else total
        rows.append(
            {"candidate": name, "steps": given.steps}
            | {part: f"{found[part]:.4f}" for part in PARTS}
            | {"bpp": f"{total:.4f}", "percent_more": f"{100 * (total / first - 1):.2f}"}
            | {"weights": int(found["weights"]), "cpu_s": f"{found['seconds']:.0f}"}
        )
        with given.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
