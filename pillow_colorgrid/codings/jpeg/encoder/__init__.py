"""What only an encoder of the jpeg coding needs."""
