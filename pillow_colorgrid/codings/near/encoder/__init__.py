"""What only a writer of the near coding needs; no decoder imports it."""
