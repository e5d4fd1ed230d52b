"""What only a writer of the deep coding needs."""
