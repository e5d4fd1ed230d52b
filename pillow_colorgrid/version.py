"""The version of the package; the version of the format stands in container.py."""

__version__ = "0.3.0"
