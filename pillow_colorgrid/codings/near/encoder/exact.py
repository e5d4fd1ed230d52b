"""Exact files of pictures of which those are likely smaller than rounded ones.

Drawings, which are not noise around what the networks expect; pictures that were JPEG files or came
from Photo CD, of which exact files hold fewer and smaller values than their pixels.
"""

from dataclasses import replace

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.choosing import choice, looks
from pillow_colorgrid.codings.jpeg.description import JPEG
from pillow_colorgrid.codings.lossless.description import OF_RGB, Options
from pillow_colorgrid.codings.lossless.encoder import origin
from pillow_colorgrid.dropping import SeveralPicturesError


def rival(picture: Picture, effort: int) -> Encoded | None:
    """The exact file of such a picture; None of others."""
    options = Options(effort=effort)
    try:
        from_jpeg = choice.as_jpeg(picture, options)
    except SeveralPicturesError:
        from_jpeg = None
    if from_jpeg is not None:
        return replace(from_jpeg, coding=JPEG)
    pixels = picture.pixels
    drawing = looks.is_drawing(pixels, looks.probe(pixels))
    if not drawing and (picture.mode not in OF_RGB or origin.recognise(pixels[..., :3]) is None):
        return None
    coding, encoded = choice.encode(picture, replace(options, jpeg="never"))
    return replace(encoded, coding=coding)
