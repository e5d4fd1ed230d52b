"""The way over the levels of a small picture: as `walk`, but the pixels of a pass are one group."""

import numpy as np

from pillow_colorgrid.codings.lossless import distribution, levels
from pillow_colorgrid.codings.lossless.clipping import around, masks
from pillow_colorgrid.codings.lossless.groups import Group
from pillow_colorgrid.codings.lossless.predict import Predictor, color_passes, luminance_passes
from pillow_colorgrid.codings.lossless.small_stream import SmallStream
from pillow_colorgrid.codings.lossless.stream import CG, CO, LUMINANCE
from pillow_colorgrid.codings.lossless.walk import Refinement


def walk(
    planes: list[np.ndarray],
    refinements: tuple[Refinement, ...],
    predictor: Predictor,
    stream: SmallStream,
) -> None:
    """Code all pixels of `planes` that `refinements` add, level by level, luminance before colour.

    Args:
        planes: Y, or Y, Co, Cg: each (1, H, W) int16; a decoder's are filled in.
    """
    for refinement in refinements:
        _luminance(planes[0], refinement, predictor, stream)
        if len(planes) == 3:
            _color(planes, refinement, predictor, stream)


def _luminance(
    plane: np.ndarray,
    refinement: Refinement,
    predictor: Predictor,
    stream: SmallStream,
) -> None:
    level = levels.level(plane, refinement.interval)
    for pass_ in luminance_passes(refinement.networks):
        if not any(levels.place(level, place).size for place in pass_.places):
            continue
        outputs, bases = predictor.predict(pass_, [level])
        group = Group.of_level(level, refinement.interval, pass_.places)
        found = distribution.luminance(_of_pixels(outputs, pass_.places), _of_plane(bases, 0))
        stream.code(LUMINANCE, plane, group, group.distribution(found))


def _color(
    planes: list[np.ndarray],
    refinement: Refinement,
    predictor: Predictor,
    stream: SmallStream,
) -> None:
    level = [levels.level(plane, refinement.interval) for plane in planes]
    clipping = predictor.model.clipping
    for pass_ in color_passes(refinement.networks):
        if not any(levels.place(level[1], place).size for place in pass_.places):
            continue
        outputs, bases = predictor.predict(pass_, level)
        group = Group.of_level(level[1], refinement.interval, pass_.places)
        of_pixels = _of_pixels(outputs, pass_.places)
        co = distribution.co(of_pixels, _of_plane(bases, 0))
        if clipping is None:
            stream.code(CO, planes[1], group, group.distribution(co))
            known_co = group.to_cells(group.of(planes[1]))
            cg = distribution.cg(of_pixels, _of_plane(bases, 1), co, known_co)
            stream.code(CG, planes[2], group, group.distribution(cg))
            continue
        # those of pixels that are still unknown are wrong, but nobody asks for them
        clipped = masks(*level)
        mask = np.concatenate([around(clipped, pass_.places, place) for place in pass_.places])
        y = group.to_cells(group.of(planes[0]))
        stream.code(CO, planes[1], group, group.distribution(clipping.co(co, mask, y)))
        known_co = group.to_cells(group.of(planes[1]))
        cg = distribution.cg(of_pixels, _of_plane(bases, 1), co, known_co)
        stream.code(CG, planes[2], group, group.distribution(clipping.cg(cg, mask, y, known_co)))


def _of_pixels(outputs: np.ndarray, places: tuple[levels.Place, ...]) -> np.ndarray:
    """The outputs (1, outputs, rows, columns) that belong to each pixel of the pass, as a view.

    (places, outputs of each, rows, columns)
    """
    return outputs.reshape(len(places), -1, *outputs.shape[2:])


def _of_plane(bases: list[list[np.ndarray]], plane: int) -> np.ndarray:
    """Of the bases of each place those of a plane: (places, rows, columns)."""
    return bases[0][plane] if len(bases) == 1 else np.concatenate([base[plane] for base in bases])
