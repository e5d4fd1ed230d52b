"""What only a writer of the lossless coding needs; no decoder imports it."""
