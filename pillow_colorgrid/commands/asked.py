"""What a user of ``cgx convert`` asked for, checked before any file is touched."""

import argparse
import os
from pathlib import PurePath

from PIL import Image

from pillow_colorgrid.codings import registry
from pillow_colorgrid.commands import convert_flags, openers
from pillow_colorgrid.commands.places import Place, at
from pillow_colorgrid.commands.planning import Output, name_problem
from pillow_colorgrid.commands.targets import (
    CGX,
    FORMATS,
    LOSSY_TARGETS,
    ORIGINAL,
    OTHER_SPELLINGS,
    Settings,
)

KNOWN_TO_OTHERS = openers.HEIF_SUFFIXES | openers.RAW_SUFFIXES | {".jxl", ".svg", ".bpg"}
"""Pictures by their names, whether Pillow knows them or not."""


class UsageError(Exception):
    """What is wrong with the options."""


def asked_for(options: argparse.Namespace) -> tuple[Settings, list[Place], Output]:
    """Settings, sources, and where targets go.

    Raises:
        UsageError: options that contradict each other, or values that are not allowed.
    """
    given = convert_flags.chosen(options)
    sources = [at(source) for source in options.sources]
    named = _named_by(options.output)
    to = options.to or (named or CGX).removeprefix(".")
    suffix = ".jpg" if to == ORIGINAL else f".{to}"
    output = _output(options, sources, named, suffix)
    settings = Settings(
        suffix=suffix,
        options=tuple(given.items()),
        verify=not options.no_verify,
        delete_originals=options.delete_originals,
        name=options.name,
        keep_larger=options.keep_larger,
        any_pixels=options.lossy,
        original=to == ORIGINAL,
        dropped=convert_flags.dropped(options),
        truncated=options.truncated,
    )
    _check(options, given, to, settings)
    return settings, sources, output


def _named_by(output: str | None) -> str | None:
    """The suffix by which -o names a file of a kind that can be written; None: a folder."""
    if output is None or output.endswith(("/", os.sep)) or at(output).is_folder():
        return None
    suffix = PurePath(output).suffix.lower()
    suffix = OTHER_SPELLINGS.get(suffix, suffix)
    return suffix if suffix in FORMATS else None


def _output(
    options: argparse.Namespace, sources: list[Place], named: str | None, suffix: str
) -> Output:
    if options.output is None:
        return Output()
    if named is None:
        _check_folder(options.output, len(sources) == 1 and not sources[0].is_folder())
        return Output(folder=at(options.output))
    if named != suffix:
        raise UsageError(f"-o {options.output} with --to {suffix[1:]}: which of them is meant?")
    if len(sources) != 1 or sources[0].is_folder():
        raise UsageError(
            f"-o {options.output} names one file, so one file must be the source; "
            f"for a folder of that name: -o {options.output}/"
        )
    if options.name is not None:
        raise UsageError("--name is for folders, -o names the file already")
    return Output(file=at(options.output))


def _check_folder(output: str, one_file: bool) -> None:
    """Refuse what looks like the name of a picture, of a format that cannot be written.

    Args:
        one_file: is to be converted, so that any suffix looks so.
    """
    if output.endswith(("/", os.sep)) or at(output).is_folder():
        return
    suffix = PurePath(output).suffix.lower()
    known = suffix in KNOWN_TO_OTHERS or suffix in Image.registered_extensions()
    if known or (one_file and suffix[1:].isalpha()):
        raise UsageError(
            f"-o {output}: files may be {', '.join(FORMATS)}; for a folder of that name: "
            f"-o {output}/"
        )


def _check(
    options: argparse.Namespace, given: dict[str, object], to: str, settings: Settings
) -> None:
    if options.jobs is not None and options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}, allowed: integers from 1")
    if options.scheduler and options.engine != "dask":
        raise UsageError("--scheduler is for --engine dask")
    if options.name is not None and (problem := name_problem(options.name)):
        raise UsageError(f"--name {options.name}: {problem}")
    if options.truncated and not settings.keeps_jpeg:
        raise UsageError("--truncated is for JPEG files, kept as they are in .cgx files")
    if options.lossy and settings.suffix not in LOSSY_TARGETS:
        allowed = ", ".join(name.removeprefix(".") for name in LOSSY_TARGETS)
        raise UsageError(f"--lossy is for --to {allowed}")
    if options.delete_originals:
        _check_deleting(options, settings)
    if settings.suffix == CGX:
        _check_coding(options, given)
    else:
        for keyword in given:
            if not (options.lossy and keyword == "quality"):
                raise UsageError(f"--{convert_flags.flag(keyword)} is for --to cgx")
        quality = given.get("quality", 100)
        if not isinstance(quality, int) or not 1 <= quality <= 100:
            raise UsageError(f"--quality {quality}, allowed: integers 1 to 100")


def _check_deleting(options: argparse.Namespace, settings: Settings) -> None:
    if options.no_verify:
        raise UsageError("--delete-originals needs verification; leave --no-verify out")
    if options.lossy:
        raise UsageError("--delete-originals: --lossy changes pixels, so originals stay")
    if settings.dropped:
        flag = convert_flags.flag(settings.dropped[0])
        raise UsageError(f"--delete-originals: --no-{flag} drops metadata, so originals stay")


def _check_coding(options: argparse.Namespace, given: dict[str, object]) -> None:
    for keyword in given.keys() - {"mode"}:
        modes = registry.modes_with(keyword)
        if (options.mode or registry.DEFAULT.name) not in modes:
            raise UsageError(f"--{convert_flags.flag(keyword)} is for --mode {' or '.join(modes)}")
    try:
        coding, _ = registry.asked_for(given)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if options.delete_originals and coding.lossy:
        raise UsageError(
            f"--delete-originals: --mode {coding.asked_by} loses {coding.loses}, so originals stay"
        )
