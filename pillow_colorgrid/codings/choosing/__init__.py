"""Which exact coding suits a picture best. Encoder only."""
