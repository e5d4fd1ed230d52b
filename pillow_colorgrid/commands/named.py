"""What a place is called, wherever it is: names and the places beside it, from a path alone."""

from abc import ABC, abstractmethod
from pathlib import PurePath
from typing import Self


class Named(ABC):
    """A file or folder by its path."""

    @property
    @abstractmethod
    def _names(self) -> PurePath:
        """The path, for its names."""

    @abstractmethod
    def _at(self, path: PurePath) -> Self:
        """Another place of the same kind."""

    @property
    def name(self) -> str:
        return self._names.name

    @property
    def suffix(self) -> str:
        return self._names.suffix.lower()

    @property
    def folder(self) -> Self:
        return self._at(self._names.parent)

    def joined(self, relative: PurePath) -> Self:
        return self._at(self._names / relative)

    def with_suffix(self, suffix: str) -> Self:
        return self._at(self._names.with_suffix(suffix))
