"""How much is done of Crayon."""

from dataclasses import dataclass

from tools.rate_distortion.paper import INTERVALS
from tools.reproduce.settings import Settings as Common, setting


@dataclass(frozen=True)
class Settings(Common):
    """What is the same for all n. The paper: pictures of 320 x 320, a learning rate of 1e-4."""

    cut: int = setting(160, "edge of the squares that are cut out to train on")
    width: int = 16
    """Features of the first layer. (XiaoNet: 64, 34 million weights.)"""
    intervals: tuple[int, ...] = INTERVALS
    """The n that are measured; the paper's own."""
    equal_bytes: tuple[int, ...] = (6, 20, 100)
    """The n whose files are compared with other codecs' of the same size."""


QUICK = Settings(
    minutes=0.02, cut=32, pictures=1, batch=2, width=4, intervals=(6, 20), equal_bytes=(20,)
)
