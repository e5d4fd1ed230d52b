"""The lossless coding: networks tell how likely each pixel value is, rANS writes what it was."""
