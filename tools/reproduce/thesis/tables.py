"""The tables of the thesis: which network at which setting, and the figures printed there."""

from dataclasses import dataclass

from tools.reproduce.thesis.network import Variant

VALIDATION, TEST = "validation", "test"
"""Held-out crops of the training's pictures; pictures of another kind."""


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        levels: of the bottleneck's values; None: floats.
        scale: enlargement of the pictures.
        printed: column -> what the thesis says, in its units.
    """

    variant: Variant
    levels: int | None
    printed: dict[str, float]
    scale: int = 1
    pictures: str = VALIDATION

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What tells measurements apart, beside the colour space."""
        return (self.variant.name, str(self.levels or "float"), self.scale, self.pictures)


@dataclass(frozen=True)
class Table:
    """One table: its number, what it asks, its lines."""

    number: int
    title: str
    rows: tuple[Row, ...]


def _none(channels: int, attention: bool = False, skips: bool = True) -> Variant:
    return Variant(channels, "none", attention, skips)


def _of(activation: str, channels: int) -> Variant:
    return Variant(channels, activation)


BEST = Variant()

_LEVELS_256 = {256: (52.4, 3.9, 506), 128: (52.3, 3.9, 530), 64: (53, 4.0, 504),
               32: (58.1, 4.1, 278), 16: (86.8, 4.5, -302), 8: (235.2, 5.0, -1058)}  # fmt: skip
_LEVELS_512 = {256: (24.4, 3.9, 1312), 128: (24.3, 3.9, 1389), 64: (25.1, 4.0, 1262),
               32: (30.7, 4.1, 444), 16: (61.3, 4.5, -1263), 8: (223.3, 5.0, -3007)}  # fmt: skip


def _by_levels(printed: dict[int, tuple[float, float, int]], scale: int) -> tuple[Row, ...]:
    return tuple(
        Row(BEST, levels, {"mse": mse, "entropy": bits, "gain": gain}, scale)
        for levels, (mse, bits, gain) in printed.items()
    )


def _test(scale: int, mse: float, bits: float, gain: float) -> Row:
    return Row(BEST, 128, {"mse": mse, "entropy": bits, "gain": gain}, scale, TEST)


TABLES = (
    Table(1, "Channels of the bottleneck", (
        Row(_none(512, skips=False), None, {"mse": 19.0}),
        Row(_none(16, skips=False), None, {"mse": 32.4}),
        Row(_none(8, skips=False), None, {"mse": 36.4}),
    )),
    Table(2, "Concatenation or attention", (
        Row(_none(512, skips=False), None, {"mse": 19.0}),
        Row(_none(512, attention=True, skips=False), None, {"mse": 20.5}),
        Row(_none(8, skips=False), None, {"mse": 36.4}),
        Row(_none(8, attention=True, skips=False), None, {"mse": 38.8}),
    )),
    Table(3, "Skips inside the A-decoder", (
        Row(_none(512, skips=False), None, {"mse": 19.0}),
        Row(_none(512), None, {"mse": 17.56}),
        Row(_none(8, skips=False), None, {"mse": 36.4}),
        Row(_none(8), None, {"mse": 31.4}),
    )),
    Table(4, "First gains, bottleneck not counted", (
        Row(_none(512), None, {"mse": 17.56, "entropy": 3.42, "gain_free": 1016}),
        Row(_none(8), None, {"mse": 31.4, "entropy": 3.55, "gain_free": 760}),
    )),
    Table(5, "Activation before the bottleneck", (
        Row(_none(8), None, {"mse": 33.2, "entropy": 3.55, "gain_free": 760}),
        Row(_of("tanh", 8), None, {"mse": 41.7, "entropy": 3.60, "gain_free": 695}),
        Row(_of("sigmoid", 8), None, {"mse": 37.35, "entropy": 3.80, "gain_free": 594}),
    )),
    Table(6, "256 uniform levels", (
        Row(_none(8), 256, {"mse": 33.2, "entropy": 3.70, "gain_free": 698, "gain": 186}),
        Row(_of("tanh", 8), 256, {"mse": 52.4, "entropy": 4.0, "gain_free": 695, "gain": 183}),
        Row(_of("sigmoid", 8), 256, {"mse": 52.9, "entropy": 3.88, "gain_free": 591, "gain": 81}),
    )),
    Table(7, "Fewer channels, 256 levels", (
        Row(_of("tanh", 4), 256, {"mse": 42.5, "entropy": 3.7, "gain_free": 747, "gain": 491}),
        Row(_of("sigmoid", 4), 256, {"mse": 52.9, "entropy": 3.9, "gain_free": 693, "gain": 437}),
        Row(_of("tanh", 2), 256, {"mse": 52.4, "entropy": 3.9, "gain_free": 634, "gain": 506}),
        Row(_of("sigmoid", 2), 256, {"mse": 39, "entropy": 4.0, "gain_free": 611, "gain": 483}),
        Row(_of("tanh", 1), 256, {"mse": 70.1, "entropy": 4.1, "gain_free": 490, "gain": 424}),
        Row(_of("sigmoid", 1), 256, {"mse": 66.8, "entropy": 4.0, "gain_free": 468, "gain": 404}),
    )),
    Table(8, "Enlarged 2 x", (
        Row(_of("tanh", 2), 256, {"mse": 24.4, "entropy": 3.6, "gain_free": 1824, "gain": 1312}, 2),
        Row(_of("sigmoid", 2), 256, {"mse": 249.5, "entropy": 5.1, "gain_free": 315, "gain": -197},
            2),
    )),
    Table(9, "Enlarged 4 x", (
        Row(_of("tanh", 2), 256, {"mse": 15.0, "entropy": 3.6, "gain_free": 5020, "gain": 2972}, 4),
    )),
    Table(10, "Levels of the bottleneck", _by_levels(_LEVELS_256, 1)),
    Table(11, "Levels of the bottleneck, enlarged 2 x", _by_levels(_LEVELS_512, 2)),
    Table(12, "128 levels, enlarged 4 x", (
        Row(BEST, 128, {"mse": 26.1, "entropy": 3.7, "gain_free": 6150, "gain": 4358}, 4),
    )),
    Table(13, "Errors beyond -128..127", (
        Row(BEST, 256, {"beyond_percent": 0.9, "pixels_beyond": 1051, "restored_mse": 4.5e-3}),
        Row(BEST, 256, {"beyond_percent": 0.8, "pixels_beyond": 1379, "restored_mse": 2.1e-3}, 2),
        Row(BEST, 256, {"beyond_percent": 0.8, "pixels_beyond": 1195.2, "restored_mse": 1.3e-3}, 4),
    )),
    Table(14, "Pictures of another kind (there: Imagenet)", (
        _test(1, 57.3, 4.2, 488), _test(2, 38.0, 3.9, 1723), _test(4, 15.5, 3.3, 3223),
    )),
    Table(15, "Errors beyond -128..127 in pictures of another kind", (
        Row(BEST, 128, {"beyond_percent": 1.6, "pixels_beyond": 1060.1, "restored_mse": 6.1e-3},
            1, TEST),
        Row(BEST, 128, {"beyond_percent": 2.0, "pixels_beyond": 905.1, "restored_mse": 3.9e-3},
            2, TEST),
        Row(BEST, 128, {"beyond_percent": 2.2, "pixels_beyond": 1402, "restored_mse": 2.5e-3},
            4, TEST),
    )),
)  # fmt: skip
"""Where the thesis prints 510 channels and 10.0 in one place, 512 and 19.0 in three others, the
latter stand here."""


def variants() -> list[Variant]:
    """All networks that the tables need, each once."""
    return list(dict.fromkeys(row.variant for table in TABLES for row in table.rows))
