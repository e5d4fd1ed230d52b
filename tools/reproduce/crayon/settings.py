"""How much is done of Crayon."""

from dataclasses import dataclass

from tools.rate_distortion.paper import INTERVALS
from tools.reproduce.settings import Settings as Common, setting


@dataclass(frozen=True)
class Settings(Common):
    """What is the same for all n. The paper: pictures of 320 x 320, a learning rate of 1e-4."""

    steps: int = setting(250, "steps that each network is trained")
    side: int = setting(320, "edge that pictures are scaled to")
    cut: int = setting(160, "edge of the squares that are cut out to train on")
    pictures: int = setting(6, "pictures of each set")
    batch: int = setting(2, "squares of a training step")
    width: int = 8
    """Features of the first layer. (XiaoNet: 64, 34 million weights.)"""
    intervals: tuple[int, ...] = INTERVALS
    """The n that are measured; the paper's own."""
    as_written: tuple[int, ...] = (20,)
    """The n for which a network without our start (interpolated colour) is trained, too."""
    equal_bytes: tuple[int, ...] = (6, 20, 100)
    """The n whose files are compared with other codecs' of the same size."""


QUICK = Settings(
    steps=8,
    side=64,
    cut=32,
    pictures=1,
    width=4,
    intervals=(6, 20),
    equal_bytes=(20,),
)
