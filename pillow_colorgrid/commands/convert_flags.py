"""The flags of ``cgx convert``: one for each option of `Image.save`, made of its description."""

import argparse
from typing import Any

from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding
from pillow_colorgrid.metadata import KINDS, OTHERS
from pillow_colorgrid.options import Allowed, Integers, described

NAMES = {"n": "grid"}
"""Option of save -> flag, where they differ."""

METADATA = {**{key: kind.name for key, kind in KINDS.items()}, OTHERS: "all other metadata"}
"""Keyword of save -> what it is, for people."""


def flag(option: str) -> str:
    """As it is written on the command line, without the dashes."""
    return NAMES.get(option, option).replace("_", "-")


def options() -> dict[str, tuple[Allowed, str]]:
    """Each option of save: what it allows, and its meaning."""
    found: dict[str, tuple[Allowed, str]] = {}
    for coding in registry.all_codings():
        if coding.asked_by == coding.name:
            for name, described_as in described(coding.options).items():
                found.setdefault(name, described_as)
    return found


def _lossy() -> list[Coding]:
    return [coding for coding in registry.all_codings() if coding.lossy]


def add_save_flags(convert: argparse.ArgumentParser) -> None:
    """A flag for each option of each coding."""
    group = convert.add_argument_group(
        "how .cgx files are made", "The options of Image.save; a flag of another --mode is refused."
    )
    modes = [coding.name for coding in registry.all_codings() if coding.asked_by == coding.name]
    losing = [f"{coding.asked_by} loses {coding.loses}" for coding in _lossy()]
    group.add_argument(
        "--mode",
        help=f"{' or '.join(modes)}; default {registry.DEFAULT.name}; {', '.join(losing)}",
    )
    for name, (allowed, meaning) in options().items():
        for_modes = registry.modes_with(name)
        of = "" if registry.DEFAULT.name in for_modes else f"; --mode {' or '.join(for_modes)} only"
        if isinstance(allowed, Integers):
            told: dict[str, Any] = {"type": int, "metavar": "N"}
            if str(allowed.highest) not in meaning:
                meaning += f"; {allowed.lowest} to {allowed.highest}"
        else:
            told = {"choices": allowed.words}
        group.add_argument(f"--{flag(name)}", help=meaning + of, **told)


def add_metadata_flags(convert: argparse.ArgumentParser) -> None:
    """A flag for each kind of metadata, which drops it."""
    group = convert.add_argument_group("what is left out", "By default all metadata is kept.")
    for key, name in METADATA.items():
        group.add_argument(
            f"--{flag(key)}",
            action=argparse.BooleanOptionalAction,
            default=True,
            help=f"keep (default) or drop: {name}",
        )


def chosen(parsed: argparse.Namespace) -> dict[str, Any]:
    """The keywords of save that were given."""
    names = ["mode", *options()]
    values = {name: getattr(parsed, flag(name).replace("-", "_")) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def dropped(parsed: argparse.Namespace) -> tuple[str, ...]:
    """The keywords of save whose metadata is not to be kept."""
    return tuple(key for key in METADATA if not getattr(parsed, flag(key).replace("-", "_")))
