"""What only a writer of frames needs."""
