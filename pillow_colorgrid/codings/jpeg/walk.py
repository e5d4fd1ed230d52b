"""The way through a strip of coefficients: the same passes for the encoder and the decoder.

A `Walk` holds what is known of the strip. Each of its methods codes one stream: `dc`, then
`luminance`, then `color`. A *coder* is a `symbols.Writer`, which is shown the coefficients, or a
`symbols.Reader`, which finds them. Where a pass begins, writer and reader know the same, so the
networks tell both the same distributions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pillow_colorgrid.codings.jpeg import dc_context, features, layout, outputs
from pillow_colorgrid.codings.jpeg.distribution import Distribution
from pillow_colorgrid.codings.jpeg.layout import FREQUENCIES, Group
from pillow_colorgrid.codings.jpeg.seen import Seen
from pillow_colorgrid.codings.jpeg.symbols import Coder

Predict = Callable[[str, dict[str, np.ndarray]], np.ndarray]
"""(name of a network, its inputs as (1, channels, rows, columns) bytes) -> its output."""

COARSEST_BITS = 14
"""Bits of a DC coefficient of the coarsest lattice; DC + 2**13 is written."""

COARSEST_LIMIT = 1 << (COARSEST_BITS - 1)


@dataclass
class Plane:
    """The coefficients of one component of a strip.

    Attributes:
        coefficients: (64, rows, columns) int16; a decoder begins with zeros.
        table: (64,) quantisation steps.
        values: (64, rows, columns) int32 dequantised, as far as they are known.
    """

    coefficients: np.ndarray
    table: np.ndarray
    values: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.zeros(self.coefficients.shape, np.int32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return self.coefficients.shape[1], self.coefficients.shape[2]

    def learn(self, frequencies: np.ndarray) -> None:
        """The coefficients at `frequencies` are known: dequantise them."""
        self.values[frequencies] = features.dequantised(
            self.coefficients[frequencies], self.table[frequencies]
        )


@dataclass
class Walk:
    """Codes the streams of one strip.

    Attributes:
        predict: runs the networks.
        decoding: whether coefficients are found rather than shown.
    """

    predict: Predict
    decoding: bool

    # -- DC ---------------------------------------------------------------------------------------

    def dc(self, coder: Coder, name: str, plane: Plane, known: list[np.ndarray]) -> None:
        """The DC coefficients of a plane.

        Args:
            name: "luminance", "cb" or "cr".
            known: other planes' dequantised DC at this plane's blocks, (rows, columns) int32.
        """
        rows, columns = plane.shape
        step = int(plane.table[0])
        dc = plane.coefficients[0]
        values = plane.values[0]
        flat, flat_values = dc.reshape(-1), values.reshape(-1)
        place = dc_context.coarsest(rows, columns)
        found = self._coarsest(coder, dc[place])
        dc[place] = found
        values[place] = found.astype(np.int32) * step
        for here in dc_context.passes(rows, columns):
            inputs, base, spread = dc_context.inputs(values, np.array(step), known, here)
            output = self.predict(f"dc_{name}_{here.kind}", {"inputs": inputs[None, :, None]})
            key = f"dc_{name}_{here.level}"
            likely = outputs.of_dc(output[0, :, 0], base, spread, step)
            found = self._integers(coder, key, likely, flat.take(here.places))
            flat[here.places] = found
            flat_values[here.places] = found * step
        plane.learn(np.array([0]))

    def _coarsest(self, coder: Coder, dc: np.ndarray) -> np.ndarray:
        shown = None
        if not self.decoding:
            if dc.size and not -COARSEST_LIMIT <= dc.min() <= dc.max() < COARSEST_LIMIT:
                raise ValueError(
                    f"DC coefficients are {dc.min()}..{dc.max()}, allowed "
                    f"{-COARSEST_LIMIT}..{COARSEST_LIMIT - 1}"
                )
            shown = dc.astype(np.int32) + COARSEST_LIMIT
        return coder.raw(COARSEST_BITS, shown, dc.size) - np.int32(COARSEST_LIMIT)

    def _integers(
        self, coder: Coder, key: str, likely: Distribution, values: np.ndarray
    ) -> np.ndarray:
        return coder.integers(key, likely, None if self.decoding else values.astype(np.int32))

    # -- AC ---------------------------------------------------------------------------------------

    def luminance(self, coder: Coder, plane: Plane, last_diagonal: int | None = None) -> None:
        """The AC coefficients of a plane that nothing else tells about.

        Args:
            last_diagonal: a decoder may stop behind the group that ends with this diagonal.
        """
        self._ac(coder, "luminance", [plane], None, last_diagonal)

    def color(self, coder: Coder, planes: list[Plane], luminance: np.ndarray) -> None:
        """The AC coefficients of two colour planes.

        Args:
            luminance: (64, rows, columns) int32, whole, at the colour's resolution (side.py).
        """
        self._ac(coder, "color", planes, luminance, None)

    def _ac(
        self,
        coder: Coder,
        name: str,
        planes: list[Plane],
        known: np.ndarray | None,
        last_diagonal: int | None,
    ) -> None:
        groups = layout.GROUPS[name]
        table = self._table(name, planes)
        state = self._start(name, planes, known, table)
        for number, group in enumerate(groups):
            plane = planes[group.component]
            coder.group()
            seen = self._group(coder, name, number, plane, state)
            plane.learn(group.frequencies)
            diagonal = layout.DIAGONAL[group.frequencies].max()
            if number + 1 == len(groups) or diagonal == last_diagonal:
                break
            state = self.predict(
                f"{name}_update_{number}", {"state": state, "group": seen[None], "table": table}
            )

    def _table(self, name: str, planes: list[Plane]) -> np.ndarray:
        """(1, 48, rows, columns): what the networks are to know of the quantisation tables."""
        tables = np.concatenate([plane.table for plane in planes])
        told = self.predict(
            f"{name}_table", {"tables": features.of_tables(tables).reshape(1, -1, 1, 1)}
        )
        # behind its ReLU the byte of 0 is 0; where it goes next it is 128
        told = np.minimum(told, features.ZERO - 1) + np.uint8(features.ZERO)
        return np.broadcast_to(told, (*told.shape[:2], *planes[0].shape))

    def _start(
        self, name: str, planes: list[Plane], known: np.ndarray | None, table: np.ndarray
    ) -> np.ndarray:
        near = [features.inside(*planes[0].shape)]
        near += [features.of_dc(plane.values[0]) for plane in planes]
        inputs = {}
        if known is not None:
            near.append(features.of_dc(known[0]))
            inputs["side"] = features.of_coefficients(
                np.abs(known) >> 3, known, "luminance", np.arange(FREQUENCIES)
            )[None]
        inputs["near"] = np.concatenate([*near, table[0]])[None]
        return self.predict(f"{name}_start", inputs)

    def _group(
        self, coder: Coder, name: str, number: int, plane: Plane, state: np.ndarray
    ) -> np.ndarray:
        """Code a group. Returns the bytes that networks see of it, (3n, rows, columns)."""
        group = layout.GROUPS[name][number]
        frequencies = group.frequencies
        scales = outputs.gains(plane.table, name, frequencies)
        gain, classes = scales[0][:, None], scales[1][:, None]
        shown = plane.coefficients[frequencies]

        def code(inputs: dict[str, np.ndarray], part: np.ndarray) -> np.ndarray:
            output = self.predict(f"{name}_head_{number}", inputs)[0]
            output = output.reshape(len(output), -1)
            return self._blocks(coder, f"{name}_{number}", group, output, part, gain, classes)

        def seen_of(part: np.ndarray) -> np.ndarray:
            values = features.dequantised(part, plane.table[frequencies])
            return features.of_coefficients(part, values, name, frequencies)

        if not group.steps:
            shown[:] = code({"state": state}, shown.reshape(len(shown), -1)).reshape(shown.shape)
            plane.coefficients[frequencies] = shown
            return seen_of(shown)
        seen = Seen(len(frequencies), plane.shape)
        for phases in group.steps:  # the blocks of all phases side by side
            places = [(slice(None), slice(y, None, 2), slice(x, None, 2)) for y, x in phases]
            part = _side_by_side([shown[place] for place in places])
            if not part.size:
                continue
            inputs = {
                "state": _side_by_side([state[0][place] for place in places])[None, :, None],
                "around": _side_by_side([seen.around(phase) for phase in phases])[None, :, None],
            }
            part[:] = code(inputs, part)
            first = 0
            for phase, place in zip(phases, places, strict=True):
                one = shown[place]
                count = one.shape[1] * one.shape[2]
                one[:] = part[:, first : first + count].reshape(one.shape)
                first += count
                seen.put(phase, seen_of(one))
        plane.coefficients[frequencies] = shown
        return seen.whole

    def _blocks(
        self,
        coder: Coder,
        key: str,
        group: Group,
        output: np.ndarray,
        shown: np.ndarray,
        gain: np.ndarray,
        classes: np.ndarray,
    ) -> np.ndarray:
        """The (n, m) coefficients of a group in m blocks."""
        count, blocks = shown.shape
        found = np.zeros((count, blocks), np.int32)
        active = np.arange(blocks)
        if group.flagged:
            some = None if self.decoding else np.asarray(~shown.any(0))
            zero = coder.flags(outputs.of_flags(output[-1]), some)
            active = np.flatnonzero(~zero)
            if len(active) < blocks:
                output, shown = output[:, active], shown[:, active]
        if len(active):
            heads = output[: layout.OUTPUTS * count].reshape(layout.OUTPUTS, count, -1)
            likely = outputs.of_group(heads, gain, classes)
            integers = self._integers(coder, key, likely, shown.reshape(-1))
            found[:, active] = integers.reshape(count, -1)
        return found


def _side_by_side(parts: list[np.ndarray]) -> np.ndarray:
    """(n, rows, columns) each -> (n, blocks of all)."""
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
