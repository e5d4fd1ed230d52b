"""The decolorized coding: luminance, and what a network could not foresee of the colour."""
