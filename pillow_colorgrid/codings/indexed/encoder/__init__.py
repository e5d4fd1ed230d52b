"""What only a writer of the indexed coding needs."""
