"""The tables of the two works that this package comes from, measured again: ours beside theirs."""
