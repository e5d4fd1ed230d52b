"""The bottleneck: exact bytes, round trips, what a network sees of it, damage."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from pillow_colorgrid.codings.decolorized.bottleneck import HEAD, PACKED, Bottleneck
from pillow_colorgrid.errors import DamagedError


@given(
    levels=st.integers(8, 256),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_roundtrip(levels: int, rows: int, columns: int, seed: int) -> None:
    indices = np.random.default_rng(seed).integers(0, levels, (2, rows, columns)).astype(np.uint8)
    back = Bottleneck.unpack(Bottleneck(indices, levels).pack(), (rows, columns))
    assert back.levels == levels
    assert np.array_equal(back.indices, indices)


def test_known_payload() -> None:
    # 128 levels: 7 bits each, most significant first, channel by channel.
    bottleneck = Bottleneck(np.array([[[1, 127]], [[64, 0]]], np.uint8), 128)
    bits = "0000001111111110000000000000"
    expected = int(bits.ljust(32, "0"), 2).to_bytes(4, "big")
    assert bottleneck.pack() == HEAD.pack(128, PACKED) + expected


@pytest.mark.parametrize("levels", [8, 31, 128, 255, 256])
def test_network_bytes_follow_the_real_values(levels: int) -> None:
    indices = np.arange(levels).astype(np.uint8).reshape(1, 1, levels).repeat(2, axis=0)
    seen = Bottleneck(indices, levels).network_bytes()[0, 0].astype(int)
    real = 256 * np.arange(levels) / (levels - 1)
    assert seen[0] == 0
    assert seen[-1] == 255
    assert np.abs(seen - np.minimum(real, 255)).max() <= 0.5


def test_rounding_takes_the_nearest_level() -> None:
    values = np.linspace(-1, 1, 1001, dtype=np.float32).reshape(1, 1, -1).repeat(2, axis=0)
    bottleneck = Bottleneck.from_real(values, 8)
    back = bottleneck.indices / 3.5 - 1
    assert np.abs(back - values).max() <= 1 / 7 + 1e-6


def test_regular_bottlenecks_are_squeezed() -> None:
    flat = Bottleneck(np.full((2, 40, 40), 64, np.uint8), 128)
    assert len(flat.pack()) < 60


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"\x80", "1 bytes, allowed 3"),
        (HEAD.pack(7, 0) + bytes(4), "7 bottleneck levels, allowed 8 to 256"),
        (HEAD.pack(257, 0) + bytes(4), "257 bottleneck levels"),
        (HEAD.pack(128, 2) + bytes(4), "kept as 2"),
        (HEAD.pack(128, 0) + bytes(3), "3 bytes, needs 4"),
        (HEAD.pack(128, 1) + b"nonsense", "zstd"),
        (HEAD.pack(100, 0) + b"\xff" * 4, "allowed below 100"),
    ],
)
def test_damage_is_named(data: bytes, named: str) -> None:
    with pytest.raises(DamagedError, match=named):
        Bottleneck.unpack(data, (1, 2))
