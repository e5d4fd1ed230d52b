"""The near coding: the lossless one with its values rounded, so that no sample is off by more."""
