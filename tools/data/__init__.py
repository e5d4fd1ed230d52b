"""Pictures to train on, to measure on, and the golden files."""
