"""What goes by in an encoder, kept, so that corrections can be chosen before it is written."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pillow_colorgrid.codings.jpeg.distribution import Distribution
from pillow_colorgrid.codings.jpeg.symbols import Writer, shown_to_writer


@dataclass
class Record:
    """A coder (`symbols.Coder`) that only remembers.

    Attributes:
        passes: key, distributions and integers of each pass.
        steps: what is to be written, in order.
    """

    passes: list[tuple[str, Distribution, np.ndarray]] = field(default_factory=list)
    steps: list[Callable[[Writer], object]] = field(default_factory=list)

    def integers(self, key: str, likely: Distribution, values: np.ndarray | None) -> np.ndarray:
        """Remember the integers of a pass."""
        shown = shown_to_writer(values)
        self.passes.append((key, likely, shown))
        self.steps.append(lambda writer: writer.integers(key, likely, shown))
        return shown

    def flags(self, frequencies: np.ndarray, flags: np.ndarray | None) -> np.ndarray:
        """Remember flags."""
        shown = shown_to_writer(flags)
        self.steps.append(lambda writer: writer.flags(frequencies, shown))
        return shown

    def raw(self, bits: int | np.ndarray, values: np.ndarray | None, count: int) -> np.ndarray:
        """Remember numbers."""
        shown = shown_to_writer(values)
        self.steps.append(lambda writer: writer.raw(bits, shown, count))
        return shown

    def group(self) -> None:
        """Remember where a group begins."""
        self.steps.append(lambda writer: writer.group())

    def write(self, writer: Writer) -> None:
        """Write all, in order."""
        for step in self.steps:
            step(writer)
