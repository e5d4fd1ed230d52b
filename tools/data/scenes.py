"""Eight rendered scenes to measure on, unlike those of the training (`rendered`).

Traced rays, marched distance fields, fractals, light that scatters, charts: what programs render
without noise, each channel rounded by itself. The same pictures everywhere but for the last bit of
a library's sine. Eight seconds for all of them.
"""

from collections.abc import Callable

import numpy as np

WIDTH, HEIGHT = 512, 384

Field = np.ndarray
"""(HEIGHT, WIDTH) float64."""


def _places(samples: int = 1) -> tuple[Field, Field]:
    """X in -4/3..4/3, y in -1..1 (upward), of so many samples along the sides of each pixel."""
    rows = 1 - 2 * (np.arange(HEIGHT * samples) + 0.5) / (HEIGHT * samples)
    columns = (2 * (np.arange(WIDTH * samples) + 0.5) / (WIDTH * samples) - 1) * WIDTH / HEIGHT
    x, y = np.meshgrid(columns, rows)
    return x, y


def _bytes(light: np.ndarray, gamma: float = 2.2) -> np.ndarray:
    """(samples * HEIGHT, samples * WIDTH, 3) in 0..1 -> (HEIGHT, WIDTH, 3) uint8, samples mixed."""
    samples = len(light) // HEIGHT
    mixed = light.reshape(HEIGHT, samples, WIDTH, samples, 3).mean(axis=(1, 3))
    return np.rint(255 * mixed.clip(0, 1) ** (1 / gamma)).astype(np.uint8)


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=-1)


def _normal(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.sqrt(_dot(vectors, vectors) + 1e-18)[..., None]


SUN = _normal(np.array([0.5, 0.8, -0.4]))

BALLS = (
    ((0.0, 0.0, 4.0), 1.0, (0.9, 0.25, 0.2)),
    ((-1.6, -0.4, 3.4), 0.6, (0.2, 0.6, 0.9)),
    ((1.5, -0.55, 3.1), 0.45, (0.95, 0.8, 0.3)),
    ((0.6, -0.75, 2.5), 0.25, (0.85, 0.85, 0.85)),
)
"""Middle, radius, colour."""

FLOOR = -1.0


def _sky(rays: np.ndarray) -> np.ndarray:
    up = rays[..., 1:2].clip(0, 1)
    near = _dot(rays, SUN).clip(0, 1)[..., None]
    blue, white = np.array([0.15, 0.35, 0.8]), np.array([0.75, 0.8, 0.9])
    return white + (blue - white) * up**0.6 + near**200 + 0.25 * near**12


def _meet_ball(starts: np.ndarray, rays: np.ndarray, middle: np.ndarray, radius: float) -> Field:
    """How far along each ray; inf where it misses."""
    away = starts - middle
    along = _dot(away, rays)
    inside = along**2 - _dot(away, away) + radius**2
    far = -along - np.sqrt(inside.clip(0, None))
    return np.where((inside > 0) & (far > 1e-4), far, np.inf)


def _trace(starts: np.ndarray, rays: np.ndarray, bounces: int) -> np.ndarray:
    """The light that comes along rays: balls over a chequered floor, shadows, mirrors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = (FLOOR - starts[..., 1]) / rays[..., 1]
    nearest = np.where(floor > 1e-4, floor, np.inf)
    hit = np.where(np.isfinite(nearest), 0, -1)
    for number, (middle, radius, _) in enumerate(BALLS, 1):
        far = _meet_ball(starts, rays, np.array(middle), radius)
        hit = np.where(far < nearest, number, hit)
        nearest = np.minimum(nearest, far)
    points = starts + rays * np.where(np.isfinite(nearest), nearest, 0)[..., None]
    squares = (np.floor(points[..., 0]) + np.floor(points[..., 2])) % 2
    color = np.where(squares[..., None] == 0, 0.8, 0.15) * np.ones(3)
    normal = np.broadcast_to([0.0, 1.0, 0.0], rays.shape)
    for number, (middle, _, its_color) in enumerate(BALLS, 1):
        here = (hit == number)[..., None]
        away = points - np.array(middle)
        normal = np.where(here, _normal(away + 1e-9), normal)
        color = np.where(here, its_color, color)
    lit = _dot(normal, SUN).clip(0, 1)
    to_sun = np.broadcast_to(SUN, rays.shape)
    for middle, radius, _ in BALLS:
        lit = np.where(np.isfinite(_meet_ball(points, to_sun, np.array(middle), radius)), 0, lit)
    seen = color * (0.25 + 0.75 * lit)[..., None]
    sky = _sky(rays)
    fog = np.exp(-0.06 * np.where(np.isfinite(nearest), nearest, 0))[..., None]
    seen = sky + (seen - sky) * fog
    if bounces:
        mirrored = rays - 2 * _dot(rays, normal)[..., None] * normal
        share = np.where(hit > 0, 0.35, 0.12)[..., None]
        seen = seen + share * fog * (_trace(points, mirrored, bounces - 1) - seen)
    return np.where((hit < 0)[..., None], sky, seen)


def balls() -> np.ndarray:
    """Four samples a pixel, two mirrors."""
    x, y = _places(2)
    rays = _normal(np.stack([x, y - 0.15, np.full_like(x, 1.8)], axis=-1))
    return _bytes(_trace(np.zeros(rays.shape), rays, 2))


def knot() -> np.ndarray:
    """Tori melted into one another, found by marching; one sample a pixel: jagged edges."""
    x, y = _places()
    rays = _normal(np.stack([x, y, np.full_like(x, 1.6)], axis=-1))

    def distance(p: np.ndarray) -> Field:
        found = np.full(p.shape[:-1], 9.0)
        for number in range(3):
            q = np.roll(p, number, axis=-1)
            ring = np.hypot(np.hypot(q[..., 0], q[..., 1]) - 1.0, q[..., 2]) - 0.28
            blend = (0.5 + 0.5 * (found - ring) / 0.4).clip(0, 1)
            found = found + (ring - found) * blend - 0.4 * blend * (1 - blend)
        return found

    points = np.broadcast_to([0.2, 0.3, -3.4], rays.shape)
    for _ in range(48):
        points = points + rays * distance(points)[..., None].clip(-0.5, 0.5)
    steps = 1e-3 * np.eye(3)
    normal = _normal(np.stack([distance(points + s) - distance(points - s) for s in steps], -1))
    lit = _dot(normal, SUN).clip(0, 1)
    shine = _dot(normal, _normal(SUN - rays)).clip(0, 1) ** 40
    color = 0.5 + 0.5 * np.cos(2 * points + np.array([0.0, 1.2, 2.5]))
    seen = color * (0.15 + 0.85 * lit)[..., None] + 0.5 * shine[..., None]
    behind = (0.12 + 0.1 * y)[..., None] * np.array([0.6, 0.8, 1.0])
    return _bytes(np.where((distance(points) < 0.02)[..., None], seen, behind))


def sunset() -> np.ndarray:
    """Light scattered by air above its mirror in water."""
    x, y = _places()
    height = np.abs(y + 0.25)
    wet = y < -0.25
    near = np.hypot(x - 0.3, height - 0.12 + np.where(wet, 0.03 * np.sin(90 * y), 0))
    thick = 1 / (0.08 + height)
    scatter = np.exp(-np.multiply.outer(thick, np.array([0.02, 0.055, 0.13])))
    sun = 1 / (1 + (near / 0.09)[..., None] ** (2.0 + np.array([0.0, 0.5, 1.0])))
    light = 0.55 * scatter * np.array([0.5, 0.6, 0.9]) + sun * np.array([1.0, 0.7, 0.4])
    return _bytes(np.where(wet[..., None], 0.7 * light, light))


def fractal() -> np.ndarray:
    """The Mandelbrot set by smooth iteration counts, coloured by cosines."""
    x, y = _places(2)
    c = -0.7436 + 0.1318j + 0.004 * (x + 1j * y)
    z, count = np.zeros_like(c), np.zeros(c.shape)
    for _ in range(220):
        inside = np.abs(z) < 64
        z = np.where(inside, z * z + c, z)
        count += inside
    smooth = count - np.log2(np.log(np.maximum(np.abs(z), 2)))
    color = 0.5 + 0.5 * np.cos(0.12 * smooth[..., None] + np.array([3.0, 3.6, 4.4]))
    return _bytes(np.where((count > 219)[..., None], 0, color), gamma=1)


def heat_map() -> np.ndarray:
    """A field as a chart shows it: a colour map between seven stops, contours over it."""
    x, y = _places()
    rng = np.random.default_rng(11)
    field = np.zeros_like(x)
    for _ in range(14):
        a, b, wide, high = rng.uniform(-1.3, 1.3), rng.uniform(-1, 1), *rng.uniform(0.15, 0.6, 2)
        field += high * np.exp(-((x - a) ** 2 + (y - b) ** 2) / wide**2)
    field /= field.max()
    stops = np.array(
        [[68, 1, 84], [70, 50, 127], [54, 92, 141], [39, 127, 142], [31, 161, 135],
         [74, 194, 109], [253, 231, 37]]
    )  # fmt: skip
    color = np.stack([np.interp(field, np.linspace(0, 1, 7), s) for s in stops.T], -1) / 255
    slope = np.hypot(*np.gradient(field * 10)) + 1e-9
    line = (1.2 - np.abs((field * 10 + 0.5) % 1 - 0.5) / slope).clip(0, 1)
    return _bytes(color * (1 - 0.8 * line[..., None]), gamma=1)


def terrain() -> np.ndarray:
    """Hills under slanting light, coloured by their height."""
    x, y = _places()
    rng = np.random.default_rng(5)
    height = np.zeros_like(x)
    for octave in range(9):
        for _ in range(4):
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            wave = 2.2 * 1.8**octave
            height += np.sin(wave * (np.cos(angle) * x + np.sin(angle) * y) + phase) / 2**octave
    down, right = np.gradient(height)
    normal = _normal(np.stack([-right * 25, np.ones_like(x), down * 25], axis=-1))
    lit = _dot(normal, SUN).clip(0, 1)
    level = ((height - height.min()) / np.ptp(height))[..., None]
    stops = [0.0, 0.35, 0.4, 0.6, 0.8, 1.0]
    colors = [[0.05, 0.15, 0.4], [0.1, 0.4, 0.6], [0.7, 0.65, 0.4], [0.15, 0.4, 0.1],
              [0.4, 0.3, 0.25], [0.95, 0.95, 0.97]]  # fmt: skip
    channels = [np.interp(level[..., 0], stops, c) for c in np.array(colors).T]
    return _bytes(np.stack(channels, -1) * (0.25 + 0.75 * lit)[..., None])


def mesh() -> np.ndarray:
    """Soft blobs of colour that run into one another, as behind a title."""
    x, y = _places()
    rng = np.random.default_rng(2)
    total, weights = np.zeros((HEIGHT, WIDTH, 3)), np.zeros_like(x)
    for _ in range(7):
        a, b = rng.uniform(-1.3, 1.3), rng.uniform(-1, 1)
        weight = 1 / (0.05 + (x - a) ** 2 + (y - b) ** 2) ** 2
        total += weight[..., None] * rng.random(3)
        weights += weight
    return _bytes(total / weights[..., None], gamma=1)


def waves() -> np.ndarray:
    """Each channel another sum of waves; none knows of the others."""
    x, y = _places()
    channels = []
    for k in range(3):
        near = np.hypot(x - 0.5 * np.cos(2.1 * k), y - 0.5 * np.sin(2.1 * k))
        channels.append(np.sin(14 * near) + np.sin(5 * x + 2 * k) + np.sin(4 * y * x + k))
    return _bytes((np.stack(channels, -1) + 3) / 6, gamma=1)


SCENES: dict[str, Callable[[], np.ndarray]] = {
    scene.__name__: scene
    for scene in (balls, knot, sunset, fractal, heat_map, terrain, mesh, waves)
}
