"""What only a writer of the blended coding needs."""
