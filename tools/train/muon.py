"""Muon: momentum whose steps are orthogonal matrices. Convolutions are matrices, too.

Each weight (out, in, rows, columns) is read as a matrix (out, in * rows * columns); its averaged
gradient is replaced by the nearest matrix with singular values near 1, so that all directions learn
at one speed. After equal minutes the networks of the lossless coding were 14 % better than with
AdamW (tools/results/lossless_candidates.tsv).

Source: K. Jordan, "Muon", 2024 (kellerjordan.github.io/posts/muon); the step's size as in
Moonshot AI, "Muon is Scalable for LLM Training", arXiv 2502.16982.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""The quintic whose five-fold iteration sends singular values in 0..1 to about 0.7..1.2."""


def orthogonal(matrices: Tensor, iterations: int = 5) -> Tensor:
    """(count, rows, columns) -> nearest (roughly) orthogonal matrices, all at once."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-12)
    for _ in range(iterations):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For the weights of convolutions; biases and heads stay with AdamW."""

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.95,
        decay: float = 0.01,
    ) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    alike[weight.shape[0], weight[0].numel()].append(weight)
            for (rows, columns), weights in alike.items():
                directions = orthogonal(
                    torch.stack([self.direction(w, group["momentum"]) for w in weights])
                )
                # 0.2 * sqrt(longer edge) gives each entry the size of an AdamW step
                size = 0.2 * max(rows, columns) ** 0.5 * group["lr"]
                for weight, direction in zip(weights, directions, strict=True):
                    weight.mul_(1 - group["lr"] * group["decay"])
                    weight.add_(direction.reshape(weight.shape), alpha=-size)

    def direction(self, weight: nn.Parameter, momentum: float) -> Tensor:
        """Nesterov momentum of the gradient as a matrix (out, everything else)."""
        state = self.state[weight]
        if "average" not in state:
            state["average"] = torch.zeros_like(weight)
        state["average"].lerp_(weight.grad, 1 - momentum)
        return weight.grad.lerp(state["average"], momentum).reshape(len(weight), -1)
