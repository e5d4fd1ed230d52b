"""The deep coding: pictures of one channel of any depth, by the networks of luminance."""
