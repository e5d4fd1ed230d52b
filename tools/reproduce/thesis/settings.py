"""How much is done: everything, or just enough to see that it works."""

from dataclasses import dataclass, field, replace
from typing import Any


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What is the same for all variants, so that they can be compared."""

    minutes: float = _setting(3.0, "processor minutes that each network is trained")
    side: int = _setting(256, "edge of the pictures, as the thesis's; larger ones are enlarged")
    pictures: int = _setting(24, "pictures of each set")
    batch: int = _setting(8, "squares of a training step; the thesis: 32")
    threads: int = _setting(1, "threads of training and measuring")
    widths: tuple[int, ...] = (16, 32, 64, 96, 128)
    """Features after each halving. (The thesis's networks weigh 513 MB, these about 2.)"""
    learning_rate: float = 1e-3
    """The thesis: 5e-4, for 124 epochs of 374,985 pictures."""
    only: tuple[str, ...] = ()
    """Names of variants; none: all."""

    def changed(self, **values: Any) -> "Settings":
        return replace(self, **values)


QUICK = Settings(
    minutes=0.03,
    side=32,
    pictures=2,
    batch=2,
    widths=(4, 4, 8, 8, 8),
    only=("tanh 2", "none 8, attention, no skips"),
)
