"""The thesis's colour autoencoder, as written there and in our integer colours.

M. Borras Sans, "Deep Learning applied to lossless image compression", bachelor thesis, UPC 2021:
a bottleneck tells the chroma of a picture in a few numbers; a network paints chroma from it and the
luminance; what it misses replaces the chroma (the *decolorized* picture), which any codec may keep.

`spaces` colour, there and here; `network` the autoencoder with all its variants; `training`;
`measuring` real files; `tables` which measurement stands in which table, and what is printed there.
"""
