"""Which samples a picture has: the plane that is coded holds their numbers, in rising order.

A picture of 10 bits that were stretched to 16, one of whole numbers as floats, a table of heights
in steps of a tenth: its samples are few, and the networks see them side by side. Where samples
without a gap do as well, only the first is told.

Bytes: kind, first sample, number of the last, step, and where steps are left out one zstd frame of
these gaps.
"""

import struct
from dataclasses import dataclass

import numpy as np
import zstandard

from pillow_colorgrid.entropy import zstd
from pillow_colorgrid.errors import DamagedError
from pillow_colorgrid.pixels import LAYOUTS, Pixels

INTEGERS, WHOLE_FLOATS, FLOATS = range(3)
"""Kinds: samples are integers; floats that are whole numbers; any floats, in the order of
their keys (`keys_of_floats`)."""

MOST_VALUES = 2**16
"""A plane holds 0..65535."""

WHOLE = 2**24
"""Whole numbers up to here, of either sign, are floats of 32 bits."""

KEYS = 2**32

SIGN = np.uint32(2**31)

MOST_STEP = 2**16 - 1

HEAD = struct.Struct("<BIHH")
"""Kind; the first sample (modulo 2**32); the number of the last sample; the step."""

ZSTD_LEVEL = 19

LIMITS = {
    (INTEGERS, "u2"): (0, 2**16),
    (INTEGERS, "i4"): (-(2**31), 2**31),
    (WHOLE_FLOATS, "f4"): (-WHOLE, WHOLE + 1),
    (FLOATS, "f4"): (0, KEYS),
}
"""By kind and type of sample: the least integer that stands for a sample, and the one behind the
greatest."""


def limits(kind: int, mode: str) -> tuple[int, int]:
    """Of the integers that stand for samples. Raises DamagedError: no such kind in this mode."""
    sample = LAYOUTS[mode].sample[1:]
    if (kind, sample) not in LIMITS:
        allowed = [k for k, s in LIMITS if s == sample]
        raise DamagedError(f"values of kind {kind} in mode {mode}, allowed: {allowed}")
    return LIMITS[kind, sample]


@dataclass(frozen=True)
class Values:
    """The samples of a picture as integers, (count,) int64, rising; 2 to MOST_VALUES of them."""

    kind: int
    integers: np.ndarray

    @property
    def top(self) -> int:
        """The number of the last one."""
        return len(self.integers) - 1

    @property
    def step(self) -> int:
        """What all differences are multiples of."""
        step = int(np.gcd.reduce(np.diff(self.integers)))
        return step if step <= MOST_STEP else 1

    def samples(self, plane: np.ndarray, mode: str) -> Pixels:
        """Numbers 0..top (1, h, w) -> pixels (h, w, 1)."""
        layout = LAYOUTS[mode]
        if self.kind == FLOATS:
            table = floats_of_keys(self.integers.astype(np.uint32))
        else:
            table = self.integers
        pixels: Pixels = table.astype(layout.sample).take(plane[0])[..., None]
        return pixels

    def pack(self) -> bytes:
        first = int(self.integers[0])
        head = HEAD.pack(self.kind, first % KEYS, self.top, self.step)
        gaps = np.diff(self.integers) // self.step - 1
        if not gaps.any():
            return head
        bytes_of_gaps = gaps.astype("<u4").view(np.uint8).reshape(-1, 4).T.tobytes()
        return head + zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(bytes_of_gaps)

    @classmethod
    def unpack(cls, data: bytes, mode: str) -> "Values":
        """Raises DamagedError where the format does not allow `data` in this mode."""
        if len(data) < HEAD.size:
            raise DamagedError(f"values of {len(data)} bytes, need {HEAD.size}")
        kind, first, top, step = HEAD.unpack_from(data)
        least, end = limits(kind, mode)
        first = (first - least) % KEYS + least
        if not top or not step:
            raise DamagedError(
                f"values end at number {top}, in steps of {step}, allowed 1 to 65535 of both"
            )
        steps = np.full(top, step, np.int64)
        if len(data) > HEAD.size:
            raw = zstd.unpacked(data[HEAD.size :], 4 * top)
            apart = np.frombuffer(raw, np.uint8).reshape(4, top)
            steps += step * np.ascontiguousarray(apart.T).view("<u4")[:, 0].astype(np.int64)
            if steps.max() > KEYS:
                raise DamagedError(f"gap of {steps.max()}, allowed {KEYS} at most")
        integers = first + np.concatenate([np.zeros(1, np.int64), np.cumsum(steps)])
        if integers[-1] >= end:
            raise DamagedError(f"value {integers[-1]}, allowed {least} to {end - 1}")
        return cls(kind, integers)


def keys_of_floats(samples: np.ndarray) -> np.ndarray:
    """float32 -> uint32 in the same order; -0.0 is below 0.0, NaNs are at both ends."""
    bits = samples.view(np.uint32)
    return np.where(bits >= SIGN, ~bits, bits | SIGN)


def floats_of_keys(keys: np.ndarray) -> np.ndarray:
    """The inverse of `keys_of_floats`."""
    bits = np.where(keys >= SIGN, keys & ~SIGN, ~keys)
    return bits.view(np.float32)
