"""What the grid coding shows of its inside: what it keeps, and what the network makes of it."""

import numpy as np
from PIL import Image

from pillow_colorgrid.codings.crayon import coding as crayon, paint
from pillow_colorgrid.codings.crayon.hints import BASE_STEPS, ColorGrid
from pillow_colorgrid.codings.crayon.paint import Kept
from pillow_colorgrid.codings.layers import Layer, PlainInside
from pillow_colorgrid.color import ycocg
from pillow_colorgrid.pixels import Bytes, Pixels
from pillow_colorgrid.runtime.networks import Network

MOVED_GAIN = 16
"""What the network adds is little; it is shown this many times as strong."""

GREY = 128
"""The luminance under colours that are shown without it."""


class Inside(PlainInside):
    """One file."""

    def layers(self) -> list[Layer]:
        """Luminance, the stored colours, the picture without the network, what that adds."""
        luminance, told = crayon.kept(self.header, self.sections)
        shown = Layer(
            "luminance",
            "Kept for every pixel.",
            Image.fromarray(luminance.clip(0, 255).astype(np.uint8)),
            is_picture=True,
        )
        if told.colour is None or told.crayon is None:
            return [shown]
        return [shown, *_of_colour(Kept(luminance, told.colour), told.crayon, self.pixels)]


def _of_colour(kept: Kept, network: Network, known: Pixels | None) -> list[Layer]:
    plain = paint.paint(Kept(kept.luminance, kept.colour.followed(0)), network)
    painted = paint.paint(kept, network) if known is None else known[..., :3]
    step = kept.colour.stored_interval
    where = f"one for every {step}th pixel of every {step}th row"
    if kept.colour.finer:
        where += f", most of which follow from those of every {kept.colour.hint_interval}th"
    found = [
        Layer(
            "stored colours",
            f"All colour that is in the file: {where}.",
            Image.fromarray(_hints(kept.colour)),
            step,
        ),
        Layer(
            "without the network",
            "The stored colours, interpolated, and how they follow the luminance's detail.",
            Image.fromarray(plain),
            is_picture=True,
            is_rival=bool(kept.colour.gain),
        ),
    ]
    if kept.colour.gain:
        moved = GREY + MOVED_GAIN * (painted.astype(np.int32) - plain)
        found.append(
            Layer(
                "what the network adds",
                f"Red, green and blue, {MOVED_GAIN} times as strong; grey is nothing. "
                f"It is followed to {kept.colour.gain} eighths.",
                Image.fromarray(moved.clip(0, 255).astype(np.uint8)),
            )
        )
    return found


def _hints(colour: ColorGrid) -> Bytes:
    """The stored colours as pixels, all of one luminance."""
    co, cg = (values // BASE_STEPS for values in colour.stored)
    return ycocg.inverse_clipped(np.full_like(co, GREY), co, cg)
