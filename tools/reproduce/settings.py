"""How much is done, of either source: everything, or just enough to see that it works."""

import argparse
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self


def setting(default: Any, meaning: str) -> Any:
    """A field that is an option of the command, too."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What is the same for all networks of a source, so that they can be compared."""

    steps: int = setting(600, "steps that each network is trained")
    side: int = setting(256, "edge that pictures are scaled to")
    cut: int = setting(64, "edge of the squares that are cut out to train on")
    pictures: int = setting(6, "pictures of each set")
    batch: int = setting(4, "squares of a training step")
    threads: int = setting(1, "threads of training and measuring")
    learning_rate: float = 4e-3
    """Of Adam: biases, normalisation, convolutions other than 3 x 3."""
    muon_rate: float = 3e-2
    """Of Muon: 3 x 3 convolutions. In 25 s it came as far as Adam alone in two minutes."""

    def changed(self, **values: Any) -> Self:
        """With those of the values that are not None."""
        return replace(self, **{name: v for name, v in values.items() if v is not None})

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """An option for each `setting`, None unless given."""
        for one in fields(self):
            if "meaning" in one.metadata:
                parser.add_argument(
                    f"--{one.name}",
                    type=type(getattr(self, one.name)),
                    help=f"{one.metadata['meaning']}; default {getattr(self, one.name)}",
                )

    @property
    def options(self) -> list[str]:
        """The names of those options."""
        return [one.name for one in fields(self) if "meaning" in one.metadata]
