"""The stored coding: plain lossless codecs, for what networks do not help."""
