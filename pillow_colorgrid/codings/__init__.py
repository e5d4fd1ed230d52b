"""One file for each coding."""
