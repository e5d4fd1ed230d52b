"""The keywords of ``Image.save(..., format="CGX")``, checked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODES = ("lossless", "decolorized", "grid")
INNERS = ("auto", "png", "webp", "zstd")
PREDICTIONS = ("auto", "always")
LEVELS = (8, 256)
EFFORTS = (1, 9)
ORIGINS = ("auto", "none")
INTERVALS = (2, 128)
QUALITIES = (1, 100)
HINTS = ("mean", "point")


@dataclass(frozen=True)
class SaveOptions:
    """How to encode.

    Attributes:
        mode: "lossless", "decolorized" or "grid" (`coding` in all code behind this point).
        levels: number of uniform levels of the bottleneck (decolorized), 8 to 256.
        effort: of the lossless coding, and of the grid's exact luminance, 1 (fastest) to 9
            (smallest).
        inner: the codec under the decolorized picture; "auto" takes the smallest.
        predict: "always" lets the network foresee the colour of each tile (decolorized); "auto"
            only where that makes the file smaller.
        origin: "auto" looks whether RGB was rendered from the YCbCr of JPEG or the YCC of Photo CD
            (lossless); "none" codes it as Y, Co, Cg in any case, so that `trim` can take it.
        n: pixels from one stored colour to the next (grid), 2 to 128.
        quality: of the luminance (grid), 1 to 100; 100 keeps every pixel of it.
        hints: what a stored colour tells (grid): the "mean" of its surroundings, or its "point".
    """

    mode: str = "lossless"
    levels: int = 128
    inner: str = "auto"
    predict: str = "auto"
    effort: int = 5
    origin: str = "auto"
    n: int = 20
    quality: int = 100
    hints: str = "mean"

    @property
    def coding(self) -> str:
        return self.mode


def from_keywords(keywords: Mapping[str, Any]) -> SaveOptions:
    """Check the keywords of `Image.save`.

    ``coding=`` means the same as ``mode=`` (imageio keeps `mode` for itself). Keywords that are
    not ours are ignored, as Pillow's own plugins do.

    Raises:
        ValueError: naming the option, its value and what is allowed.
    """
    mode = keywords.get("mode", keywords.get("coding", "lossless"))
    if "mode" in keywords and keywords.get("coding", mode) != mode:
        raise ValueError(f"mode={mode!r} and coding={keywords['coding']!r} contradict each other")
    return SaveOptions(
        mode=_one_of("mode", mode, MODES),
        levels=_integer("levels", keywords.get("levels", SaveOptions.levels), *LEVELS),
        inner=_one_of("inner", keywords.get("inner", SaveOptions.inner), INNERS),
        predict=_one_of("predict", keywords.get("predict", SaveOptions.predict), PREDICTIONS),
        effort=_integer("effort", keywords.get("effort", SaveOptions.effort), *EFFORTS),
        origin=_one_of("origin", keywords.get("origin", SaveOptions.origin), ORIGINS),
        **(_of_grid(keywords) if mode == "grid" else {}),
    )


def _of_grid(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Options that other codings do not look at: programs say `quality` to every format."""
    return {
        "n": interval("n", keywords.get("n", SaveOptions.n)),
        "quality": _integer("quality", keywords.get("quality", SaveOptions.quality), *QUALITIES),
        "hints": _one_of("hints", keywords.get("hints", SaveOptions.hints), HINTS),
    }


def interval(option: str, value: object) -> int:
    """`value` if it can be a grid's interval; else ValueError, naming `option`."""
    return _integer(option, value, *INTERVALS)


def _one_of(option: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{option}={value!r}, allowed: {', '.join(map(repr, allowed))}")
    return value


def _integer(option: str, value: object, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"{option}={value!r}, allowed: integers {lowest} to {highest}")
    return value
