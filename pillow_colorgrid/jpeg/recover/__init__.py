"""A picture that once was a JPEG: its coefficients from its pixels (encoder only).

What comes out renders, by `render`, to the picture but for a list of exceptions. It is looked for
in steps, each of which may end the search: do some pixels have an origin in YCbCr, do the cosines
of some blocks lie on grids; which steps, which subsampling; then all coefficients, in bands.

Not every JPEG can be found: steps of 1 leave no trace, and a picture that was cropped, resized or
drawn on has other blocks.
"""

from pillow_colorgrid.jpeg.recover.picture import Recovered, once_a_jpeg, recover

__all__ = ["Recovered", "once_a_jpeg", "recover"]
