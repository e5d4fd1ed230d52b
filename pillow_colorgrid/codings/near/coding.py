"""The near coding, both directions: decoding is that of the lossless one, with rounded values.

Sections of a file::

    NETS  the tables, and by them the networks, that decode the file
    LCHN  the channels that its planes are (not in mode L)
    NEAR  how values are rounded (`lossless.rounding`)
    LADP  the adaptation of the networks to this picture, where it pays
    CPRE, LPRE, LTIL, CTIL, ALPH  as in a lossless file; ALPH in all modes whose last channel is
                                  alpha, or coded as alpha is
"""

from pillow_colorgrid.codings.base import Encoded, Picture
from pillow_colorgrid.codings.lossless.coding import decode
from pillow_colorgrid.codings.near.description import Options

__all__ = ["decode", "encode"]


def encode(picture: Picture, options: Options) -> Encoded:
    """(H, W, C) uint8 -> sections; C is 1 (L), 2 (with alpha), 3 (RGB) or 4 (with alpha).

    Of a picture that has a smaller exact file that is taken.
    """
    from pillow_colorgrid.codings.near.encoder import encoding

    return encoding.encode(picture, options)
