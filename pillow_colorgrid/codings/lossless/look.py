"""What the lossless coding shows of its inside: what was expected, what came, what it cost."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from PIL import Image

from pillow_colorgrid.codings.layers import RESIDUAL_GAIN, Layer, PlainInside, heat_map, signed
from pillow_colorgrid.codings.lossless import coding as lossless
from pillow_colorgrid.codings.lossless.account import Account, examine, size_bytes_of
from pillow_colorgrid.codings.lossless.colors import colors_of
from pillow_colorgrid.codings.lossless.description import (
    COLOR_PREVIEW,
    COLOR_TILE,
    IN_ONE,
    PREVIEW,
    TILE,
)
from pillow_colorgrid.codings.lossless.pieces import PREVIEW_INTERVAL
from pillow_colorgrid.pixels import Pixels, to_image
from pillow_colorgrid.screens import for_screens

STREAMS = tuple(kind.name for kind in (IN_ONE, COLOR_PREVIEW, PREVIEW, TILE, COLOR_TILE))
"""Names of the sections that hold pixels; a small file has one, files of the first release two."""

CODER_OVERHEAD = "entropy coder"
"""What the streams take beyond their ideal code length."""


class Inside(PlainInside):
    """One file, decoded when there is something to tell."""

    @cached_property
    def account(self) -> Account:
        """What each pixel cost."""
        channels = lossless.colors_in(self.header.mode)
        return examine(self.sections, self.header.size, channels)

    def decoded(self) -> Pixels:
        """The pixels: with what they cost they are told at once."""
        planes = [plane[None] for plane in self.account.planes]
        return lossless.with_alpha(planes, self.header, self.sections, self.account.shown)

    def spent(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The bytes of the streams as those of luminance and colour, of preview and tiles."""
        spent = {name: size for name, size in by_section.items() if name not in STREAMS}
        ideal = {name: float(round(size)) for name, size in size_bytes_of(self.account).items()}
        streams = sum(size for name, size in by_section.items() if name in STREAMS)
        return {**spent, **ideal, CODER_OVERHEAD: streams - sum(ideal.values())}

    def spent_by_plane(self, by_section: Mapping[str, float]) -> dict[str, float]:
        """The bytes of the streams by plane; the entropy coder's share is about 0.1 %."""
        spent = {name: size for name, size in by_section.items() if name not in STREAMS}
        planes = self.account.bits_per_plane()
        streams = sum(size for name, size in by_section.items() if name in STREAMS)
        share = streams / sum(planes.values())
        return {**spent, **{name: bits * share for name, bits in planes.items()}}

    def layers(self) -> list[Layer]:
        """Luminance, preview, prediction, residuals, bits."""
        account, header, sections = self.account, self.header, self.sections
        preview = for_screens(
            to_image(lossless.decode(header, sections, interval=PREVIEW_INTERVAL), header.mode)
        )
        expected = account.expected
        painted = colors_of(sections, header.size, len(expected)).paint([*expected])
        first = account.names[0]
        found = [
            Layer(
                first,
                "The first plane: colour is told given all of it.",
                Image.fromarray(account.planes[0].astype(np.uint8)),
                is_picture=True,
            ),
            Layer(
                "preview",
                "Every 8th pixel of every 8th row: what the file begins with.",
                preview,
                PREVIEW_INTERVAL,
            ),
            Layer(
                "prediction",
                "What the networks expected of each pixel, given the ones before it.",
                Image.fromarray(painted),
                is_picture=True,
            ),
            Layer(
                f"residual of {first}",
                f"What they did not foresee, {RESIDUAL_GAIN} times as strong; grey is right.",
                signed(account.planes[0] - expected[0]),
            ),
        ]
        if len(expected) == 3:
            found.append(
                Layer(
                    "residual of colour",
                    f"{account.names[1]} as red, {account.names[2]} as green, "
                    f"{RESIDUAL_GAIN} times as strong; grey is right.",
                    _signed_color(account.planes - expected),
                )
            )
        return [*found, heat_map(account.bits.sum(axis=0))]


def _signed_color(residual: np.ndarray) -> Image.Image:
    """(3, H, W) residual of luminance and colours: the latter as red and green around grey."""
    red, green = (128 + RESIDUAL_GAIN * residual[1:].astype(np.int32)).clip(0, 255)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 128)], -1).astype(np.uint8))
