"""The bilevel coding: black and white pages, each pixel by contexts of growing size."""
