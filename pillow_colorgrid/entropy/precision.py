"""How exact probabilities are."""

PRECISION_BITS = 14
"""The frequencies of a row sum up to 2**14."""

TOTAL = 1 << PRECISION_BITS
