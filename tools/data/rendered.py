"""Rendered pictures to train on: gradients and scenes without noise, made by rules and chance.

What photographs lack: neighbours that are equal or follow a smooth surface exactly, each of R, G
and B rounded by itself, edges that are sharp but for their anti-aliasing. A picture is a smooth
background and some shapes before it, each flat, graded or shaded, perhaps with a soft shadow. All
of it is computed in floats at one sample a pixel; edges are blended by their distance.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

EDGE = 192
"""Height and width of a picture."""

MOST_SHAPES = 14

Field = np.ndarray
"""(EDGE, EDGE) float32."""

_ROWS, _COLUMNS = (axis.astype(np.float32) for axis in np.mgrid[:EDGE, :EDGE])


def pictures(count: int, seed: int) -> list[np.ndarray]:
    """So many pictures (EDGE, EDGE, 3) uint8; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [picture(rng) for _ in range(count)]


def picture(rng: np.random.Generator) -> np.ndarray:
    """One picture (EDGE, EDGE, 3) uint8."""
    canvas = _fill(rng)
    if rng.random() < 0.8:
        for shape in _shapes(rng):
            canvas = shape(canvas)
    if rng.random() < 0.3:  # light from one side, fog, a vignette
        light = 1 - rng.uniform(0.1, 0.7) * _ramp(rng)
        canvas = canvas * light[..., None]
    return _rounded(canvas, rng)


def _rounded(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values around 0..1 -> bytes, as renderers differ: gamma, rounding, now and then dither."""
    canvas = canvas.clip(0, 1)
    if rng.random() < 0.4:
        canvas = canvas ** np.float32(1 / 2.2)
    canvas = canvas * np.float32(255)
    chance = rng.random()
    if chance < 0.08:  # dithered, each channel by itself or all alike
        noise = rng.random((EDGE, EDGE, 3 if rng.random() < 0.5 else 1), np.float32)
        return np.floor(canvas + noise).clip(0, 255).astype(np.uint8)
    if chance < 0.2:
        return canvas.astype(np.uint8)
    return np.rint(canvas).astype(np.uint8)


def _color(rng: np.random.Generator) -> np.ndarray:
    """(3,) float32: any colour, or one that is nearly grey."""
    color = rng.random(3).astype(np.float32)
    if rng.random() < 0.35:
        grey = rng.random()
        color = np.float32(grey) + np.float32(0.12) * (color - np.float32(0.5))
    return color.clip(0, 1)


def _unit(field: Field) -> Field:
    """Stretched to 0..1."""
    low, high = field.min(), field.max()
    return (field - low) / max(float(high - low), 1e-6)


def _smooth(rng: np.random.Generator) -> Field:
    """Smooth noise: few random values, interpolated; perhaps with finer octaves."""
    field = np.zeros((EDGE, EDGE), np.float32)
    cells = int(rng.integers(2, 9))
    for octave in range(int(rng.choice([1, 1, 1, 2, 3, 5]))):
        few = rng.random((cells * 2**octave + 1,) * 2).astype(np.float32)
        large = Image.fromarray(few).resize((EDGE, EDGE), Image.Resampling.BICUBIC)
        field += np.asarray(large) * np.float32(0.5**octave)
    return _unit(field)


def _ramp(rng: np.random.Generator) -> Field:
    """What grows from 0 to 1 across the picture: a line, a circle, a cone, waves or noise."""
    kind = rng.integers(0, 6)
    angle = rng.uniform(0, 2 * np.pi)
    middle = rng.uniform(-0.3, 1.3, 2) * EDGE
    y, x = _ROWS - np.float32(middle[0]), _COLUMNS - np.float32(middle[1])
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    if kind <= 1:
        return _unit(along)
    if kind == 2:
        return _unit(np.hypot(x, y * np.float32(rng.uniform(0.4, 2.5))))
    if kind == 3:
        return _unit(np.arctan2(y, x))
    if kind == 4:
        across = np.hypot(x, y) if rng.random() < 0.3 else along
        return _unit(np.sin(across * np.float32(2 * np.pi / rng.uniform(12, 2 * EDGE))))
    return _smooth(rng)


def _graded(rng: np.random.Generator) -> np.ndarray:
    """(EDGE, EDGE, 3): a ramp through two to five colours, or each channel by a ramp of its own."""
    if rng.random() < 0.2:
        return np.stack([_ramp(rng) for _ in range(3)], axis=-1)
    ramp = _ramp(rng) ** np.float32(rng.uniform(0.5, 2))
    count = int(rng.integers(2, 6)) if rng.random() < 0.4 else 2
    colors = np.stack([_color(rng) for _ in range(count)])
    if rng.random() < 0.4:  # shades of one colour
        colors = colors[:1] * np.linspace(rng.uniform(0, 0.9), 1, count, dtype=np.float32)[:, None]
    stops = np.linspace(0, 1, count)
    return np.stack([np.interp(ramp, stops, c) for c in colors.T], axis=-1).astype(np.float32)


def _shaded(rng: np.random.Generator) -> np.ndarray:
    """A bumpy surface under a light: ambient, diffuse and sometimes a highlight."""
    height = _smooth(rng) * np.float32(rng.uniform(5, 60))
    down, right = np.gradient(height)
    return _lit(np.stack([-right, -down, np.ones_like(height)]), _color(rng), rng)


def _lit(normal: np.ndarray, color: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normals (3, H, W), of any length -> the light they send back, (H, W, 3)."""
    normal = normal / np.maximum(np.sqrt((normal**2).sum(0)), 1e-6)
    light = rng.normal(size=3).astype(np.float32)
    light[2] = abs(light[2]) + 0.5
    light /= np.linalg.norm(light)
    facing = np.tensordot(light, normal, 1).clip(0, None)
    ambient = np.float32(rng.uniform(0.02, 0.4))
    lit = (ambient + (1 - ambient) * facing)[..., None] * color
    if rng.random() < 0.5:
        half = light + np.array([0, 0, 1], np.float32)
        shine = np.tensordot(half / np.linalg.norm(half), normal, 1).clip(0, None)
        strength = np.float32(rng.uniform(0.1, 0.8))
        lit = lit + (strength * shine ** np.float32(rng.uniform(4, 80)))[..., None]
    return lit.astype(np.float32)


def _fill(rng: np.random.Generator) -> np.ndarray:
    """(EDGE, EDGE, 3): a flat colour, a gradient or a lit surface."""
    chance = rng.random()
    if chance < 0.25:
        return np.broadcast_to(_color(rng), (EDGE, EDGE, 3))
    return _graded(rng) if chance < 0.75 else _shaded(rng)


Shape = Callable[[np.ndarray], np.ndarray]
"""Paints itself over a picture (EDGE, EDGE, 3)."""


def _shapes(rng: np.random.Generator) -> Iterator[Shape]:
    for _ in range(int(rng.integers(1, MOST_SHAPES))):
        chance = rng.random()
        if chance < 0.2:
            yield _ball(rng)
        else:
            yield _flat_shape(rng)


def _blend(canvas: np.ndarray, fill: np.ndarray, share: Field) -> np.ndarray:
    return canvas + (fill - canvas) * share[..., None]


def _ball(rng: np.random.Generator) -> Shape:
    """A lit ball."""
    y, x, radius = _placed(rng)
    depth = np.sqrt((radius**2 - x**2 - y**2).clip(1e-3, None))
    fill = _lit(np.stack([x, y, depth]), _color(rng), rng)
    inside = (radius - np.hypot(x, y) + np.float32(0.5)).clip(0, 1)
    return lambda canvas: _blend(canvas, fill, inside)


def _placed(rng: np.random.Generator) -> tuple[Field, Field, np.float32]:
    """Rows and columns around the middle of a shape, turned at random, and its radius."""
    radius = np.float32(EDGE * rng.uniform(0.02, 0.45))
    middle = rng.uniform(-0.1, 1.1, 2) * EDGE
    y, x = _ROWS - np.float32(middle[0]), _COLUMNS - np.float32(middle[1])
    angle = rng.uniform(0, np.pi) if rng.random() < 0.6 else 0.0
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return y * cosine - x * sine, x * cosine + y * sine, radius


def _flat_shape(rng: np.random.Generator) -> Shape:
    """An ellipse, a box with round corners, a ring, a half-plane, perhaps above its shadow."""
    y, x, radius = _placed(rng)
    long = np.float32(rng.uniform(0.1, 1))
    kind = rng.integers(0, 5)
    if kind == 0:
        outside = (np.hypot(x, y / long) - radius) * long
    elif kind in (1, 2):
        corner = np.float32(rng.uniform(0, 0.5)) * radius * long
        over = [np.abs(x) - radius + corner, np.abs(y) - radius * long + corner]
        outside = np.hypot(*(part.clip(0, None) for part in over)) - corner
        outside = outside + np.maximum(*over).clip(None, 0)
    elif kind == 3:
        outside = np.abs(np.hypot(x, y) - radius) - radius * np.float32(rng.uniform(0.02, 0.3))
    else:
        outside = x
    sharpness = np.float32(1 if rng.random() < 0.8 else rng.uniform(0.03, 1))
    share = (np.float32(0.5) - outside * sharpness).clip(0, 1)
    share = share * np.float32(1 if rng.random() < 0.75 else rng.uniform(0.2, 1))
    fill = _fill(rng)
    if rng.random() < 0.7:
        return lambda canvas: _blend(canvas, fill, share)
    blur = np.float32(rng.uniform(2, 0.3 * EDGE))
    shadow = np.float32(rng.uniform(0.1, 0.7)) / (1 + np.exp((outside / blur * 4).clip(-30, 30)))
    return lambda canvas: _blend(canvas * (1 - shadow[..., None]), fill, share)
