"""What the jpeg coding shows of its inside: what was expected of a JPEG file, and what it cost."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from pillow_colorgrid.codings.base import has, only
from pillow_colorgrid.codings.jpeg import coding as jpeg
from pillow_colorgrid.codings.jpeg.account import Account, by_luminance_block, examine
from pillow_colorgrid.codings.jpeg.description import HEAD, STRIP, WHOLE_FILE
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.codings.layers import RESIDUAL_GAIN, Layer, PlainInside, heat_map, signed
from pillow_colorgrid.jpeg import render
from pillow_colorgrid.pixels import to_image
from pillow_colorgrid.screens import for_screens

BLOCK = 8

RECIPE = "the rest of the JPEG file"
"""Headers, tables and how its bits are laid out: what gives it back byte for byte."""


class Inside(PlainInside):
    """One file, decoded when there is something to tell."""

    @cached_property
    def account(self) -> Account:
        """What each block cost."""
        return examine(self.header, self.sections)

    def spent_by_plane(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The bytes of the strips by luminance and colour, means of blocks and detail."""
        spent = dict(by_section)
        strips = spent.pop(STRIP.name, 0)
        if not strips:
            return spent
        restorable = Head.unpack(only(self.sections, HEAD)).restorable
        if restorable:
            spent[RECIPE] = spent.pop(HEAD.name)
        dc, ac = ([float(b.sum()) for b in bits] for bits in self._bits())
        parts = {
            "luminance, means of blocks (DC)": dc[0],
            "luminance, detail (AC)": ac[0],
            "colour, means of blocks (DC)": sum(dc[1:]),
            "colour, detail (AC)": sum(ac[1:]),
        }
        scale = strips / sum(parts.values())
        return {**spent, **{name: bits * scale for name, bits in parts.items()}}

    def _bits(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        return self.account.dc_bits, self.account.ac_bits

    def layers(self) -> list[Layer]:
        """Means of blocks, prediction, residual, bits by block; of a file kept as it is nothing."""
        if has(self.sections, WHOLE_FILE):
            return []
        account, mode = self.account, self.header.mode
        means = jpeg.decode(self.header, self.sections, interval=BLOCK)
        painted = for_screens(to_image(render.pixels(account.expected), mode))
        known = jpeg.decode(self.header, self.sections) if self.pixels is None else self.pixels
        pixels = for_screens(to_image(known, mode))
        residual = np.asarray(pixels.convert("L")).astype(np.int16) - np.asarray(
            painted.convert("L")
        )
        dc, ac = self._bits()
        bits = by_luminance_block(account, [d + a for d, a in zip(dc, ac, strict=True)])
        heat = heat_map(bits / BLOCK**2, "bits per pixel, by block", BLOCK)
        return [
            Layer(
                "means of blocks",
                f"Of each {BLOCK} x {BLOCK} pixels one (DC): what the file begins with.",
                for_screens(to_image(means, mode)),
                BLOCK,
            ),
            Layer(
                "prediction",
                "The likeliest value of each coefficient, given all that came before it.",
                painted,
            ),
            Layer(
                "residual",
                f"What the networks did not foresee, {RESIDUAL_GAIN} times as strong; grey is "
                "right. Only luminance is shown.",
                signed(residual),
            ),
            Layer(
                heat.name,
                f"{heat.caption} Luminance and colour together; {_strips(account.strips)}.",
                heat.image,
                BLOCK,
            ),
        ]


def _strips(count: int) -> str:
    return "coded in one piece" if count == 1 else f"coded in {count} strips, each by itself"
