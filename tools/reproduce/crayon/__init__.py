"""The colour grid with the paper's kind of network, and with ours.

Tassin, Goebel & Lasher, "Convolutional Deep Colorization for Image Compression: A Color Grid Based
Approach", arXiv 2502.05402: luminance exact, A and B of CIELAB at every n-th pixel of every n-th
row; a network (Crayon, derived from XiaoNet, Xiao et al., arXiv 1801.09083) paints the rest; one
network for each n.

CSIM, the paper's second metric, is not measured: its formula (Kikuchi et al., ICIP 2013,
doi 10.1109/ICIP.2013.6738081) is in no source that we could read. CIEDE2000 stands in its place.

`network` and `training` theirs; `report` both, beside interpolation and other codecs.
"""
