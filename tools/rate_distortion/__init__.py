"""Rate against distortion of lossy codecs."""
