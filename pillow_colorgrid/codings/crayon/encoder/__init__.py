"""What only a writer of the grid coding needs; no decoder imports it."""
