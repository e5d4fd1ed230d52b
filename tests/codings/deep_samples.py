"""Samples of 16 bits and more that each coding of them must give back."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pillow_colorgrid.pixels import LAYOUTS, Pixels

EXTREME = [
    ("I;16", [0, 65535]),
    ("I;16B", [1, 2, 40000]),
    ("I", [-(2**31), 2**31 - 1, 0, -1]),
    ("F", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -3.4e38, 0.5]),
    ("F", [-(2.0**24), 2.0**24, 3.0]),
]
"""Modes, and samples at the ends of what they have."""


def mixed(mode: str, samples: list[float]) -> Pixels:
    """(23, 31): these samples, in any order."""
    rng = np.random.default_rng(2)
    found: Pixels = np.array(samples, LAYOUTS[mode].sample)[rng.integers(0, len(samples), (23, 31))]
    return found


@st.composite
def any_bits(draw: st.DrawFn) -> tuple[Pixels, str]:
    """Pixels (h, w) of any bits, and their mode."""
    shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=20)
    bits = draw(arrays.arrays(np.uint32, shapes, elements=st.integers(0, 2**32 - 1)))
    mode = draw(st.sampled_from(["I", "F", "I;16", "I;16B"]))
    pixels = bits.view("<f4" if mode == "F" else "<i4")
    if mode.startswith("I;16"):
        pixels = (bits & 0xFFFF).astype(LAYOUTS[mode].sample)
    return pixels, mode
