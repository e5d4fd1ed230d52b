"""How the save options of a coding are described, and checked once.

A coding's options are a frozen dataclass; each field says what it allows::

    @dataclass(frozen=True)
    class Options:
        effort: int = option(5, Integers(1, 9), "1 (fastest) to 9 (smallest)")
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar


@dataclass(frozen=True)
class Integers:
    """The integers from `lowest` to `highest`."""

    lowest: int
    highest: int

    def checked(self, name: str, value: object) -> int:
        """`value` if it is one of them; else ValueError, naming the option `name`."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name}={value!r}, allowed: {self}")
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"{name}={value!r}, allowed: {self}")
        return value

    def __str__(self) -> str:
        return f"integers {self.lowest} to {self.highest}"


@dataclass(frozen=True)
class OneOf:
    """Some words."""

    words: tuple[str, ...]

    def checked(self, name: str, value: object) -> str:
        """`value` if it is one of them; else ValueError, naming the option `name`."""
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(f"{name}={value!r}, allowed: {self}")
        return value

    def __str__(self) -> str:
        return ", ".join(map(repr, self.words))


@dataclass(frozen=True)
class OneOfOrFile:
    """Some words, or a file: its bytes, or its path."""

    words: tuple[str, ...]

    def checked(self, name: str, value: object) -> str | bytes | os.PathLike[str]:
        """`value` if it is a word, bytes or a path; else ValueError, naming the option `name`."""
        if isinstance(value, bytes | str | os.PathLike):
            return value
        if isinstance(value, bytearray | memoryview):
            return bytes(value)
        raise ValueError(f"{name}={value!r}, allowed: {self}")

    def __str__(self) -> str:
        return ", ".join(map(repr, self.words)) + ", the bytes of a file, or its path"


Allowed = Integers | OneOf | OneOfOrFile

Options = TypeVar("Options")


def option(default: int | str, allowed: Allowed, meaning: str) -> Any:
    """A field of a dataclass of options.

    Args:
        allowed: the values that it may have.
        meaning: for people, in a few words.
    """
    return field(default=default, metadata={"allowed": allowed, "meaning": meaning})


def described(kind: type[Any]) -> dict[str, tuple[Allowed, str]]:
    """Of each option of a dataclass of options: what it allows, and its meaning."""
    return {f.name: (f.metadata["allowed"], f.metadata["meaning"]) for f in fields(kind)}


def checked(kind: type[Options], keywords: Mapping[str, Any]) -> Options:
    """The options that `keywords` choose; others of `keywords` are not looked at.

    Raises:
        ValueError: naming the option, its value and what is allowed.
    """
    return kind(
        **{
            name: allowed.checked(name, keywords[name])
            for name, (allowed, _) in described(kind).items()
            if name in keywords
        }
    )
