"""The grid coding: luminance everywhere, colour at the points of a grid; Crayon paints the rest."""
