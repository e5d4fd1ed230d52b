"""How much is done of the thesis."""

from dataclasses import dataclass

from tools.reproduce.settings import Settings as Common


@dataclass(frozen=True)
class Settings(Common):
    """What is the same for all variants. `side` is that of the measured pictures, too.

    The thesis: batches of 32, a learning rate of 5e-4, 124 epochs of 374,985 pictures.
    """

    widths: tuple[int, ...] = (8, 16, 32, 48, 64)
    """Features after each halving. (The thesis's networks weigh 513 MB, these about 1.)"""
    only: tuple[str, ...] = ()
    """Names of variants; none: all."""


QUICK = Settings(
    steps=20,
    side=32,
    cut=32,
    pictures=2,
    batch=2,
    widths=(4, 4, 8, 8, 8),
    only=("tanh 2", "none 8, attention, no skips"),
)
