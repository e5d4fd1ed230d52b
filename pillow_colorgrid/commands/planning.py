"""``cgx convert``: which files become which, before any of them is touched; and which do not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from PIL import Image

from pillow_colorgrid.commands import openers
from pillow_colorgrid.commands.convert import Job, Outcome
from pillow_colorgrid.commands.local import FILE, UNREADABLE
from pillow_colorgrid.commands.places import TEMPORARY, Local, Place
from pillow_colorgrid.commands.targets import CGX, Settings

SIDECAR_SUFFIXES = (".pdf", ".ps", ".eps", ".mpg", ".mpeg")
"""Pillow knows these names, but they are seldom pictures; given one by one, they are tried."""

EMPTY = "an empty folder"


@dataclass
class Plan:
    """What is to be done.

    Attributes:
        failed: what cannot be done from the start.
        left: what stands in the folders and is not converted, with its kind ("link", ...).
        notes: what else the user should know.
    """

    jobs: list[Job] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    left: list[tuple[Place, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Output:
    """Where targets go: beside their sources, into a folder, or (one source) into a file."""

    folder: Place | None = None
    file: Place | None = None


@dataclass(frozen=True)
class _Found:
    """A source, and its place in the target folder."""

    source: Place
    relative: PurePosixPath


def plan(sources: Sequence[Place], output: Output, settings: Settings) -> Plan:
    """The jobs for files and whole trees, whose structure is kept.

    Sources whose targets would have one name keep their suffixes in it: same.png and same.jpg
    become same.png.cgx and same.jpg.cgx, in every run.
    """
    made = Plan()
    walked = _walk(sources, output.folder, settings.suffix, made)
    found = list({source.resolved(): _Found(source, at) for source, at in walked}.values())
    if output.file is not None:
        made.jobs += [Job(one.source, output.file) for one in found]
        return made
    shared: dict[Place, list[_Found]] = {}
    for one in found:
        target = _target(one, output, default_name(one.relative.name, settings))
        shared.setdefault(target.resolved(), []).append(one)
    taken: dict[Place, Place] = {}
    for group in shared.values():
        for one in group:
            name = default_name(one.relative.name, settings)
            if len(group) > 1 and settings.name is None:
                name = one.relative.name + settings.suffix
            target = _target(one, output, name)
            before = taken.setdefault(target.resolved(), one.source)
            if target.resolved() == one.source.resolved():
                reason = f"is already a {settings.suffix} file"
                made.failed.append(Outcome(Job(one.source, target), "failed", reason=reason))
            elif before is not one.source:
                reason = f"{target} is the target of {before}, too (see --name)"
                made.failed.append(Outcome(Job(one.source, target), "failed", reason=reason))
            else:
                made.jobs.append(Job(one.source, target))
    order = {one.source: number for number, one in enumerate(found)}
    made.jobs.sort(key=lambda job: order[job.source])
    return made


def _target(one: _Found, output: Output, name: str) -> Place:
    if output.folder is None:
        return one.source.folder.joined(PurePosixPath(name))
    return output.folder.joined(one.relative.with_name(name))


def default_name(name: str, settings: Settings) -> str:
    """The name of the target of a source, where no other one wants it.

    same.png.cgx becomes same.png again, not same.png.png.
    """
    path = PurePosixPath(name)
    if settings.name is not None:
        return settings.name.format(stem=path.stem, suffix=path.suffix)
    stem = PurePosixPath(path.stem)
    if path.suffix.lower() == CGX and stem.suffix.lower() == settings.suffix:
        return stem.name
    return path.stem + settings.suffix


FIELDS = "{stem} and {suffix}"


def name_problem(template: str) -> str:
    """What is wrong with a template for names, or ""."""
    try:
        made = template.format(stem="stem", suffix=".suffix")
        other = template.format(stem="other", suffix=".suffix")
    except KeyError as error:
        return f"{{{error.args[0]}}} is no field, allowed: {FIELDS}"
    except (AttributeError, IndexError, ValueError) as error:
        return f"{error}, allowed: {FIELDS}"
    if made == other:
        return "must have {stem}, or all targets would have one name"
    if "/" in made or "\\" in made:
        return "must be a name without folders"
    return ""


# -- walking --------------------------------------------------------------------------------------


def _walk(
    sources: Iterable[Place], folder: Place | None, suffix: str, made: Plan
) -> Iterator[tuple[Place, PurePosixPath]]:
    """Files below `sources`, each with its place in the target folder.

    Of folders only what looks like a picture by its name, and nothing that is a target itself; the
    rest goes into `made.left`.
    """
    heif = openers.register()
    known = set(Image.registered_extensions()) - set(SIDECAR_SUFFIXES) - openers.RAW_SUFFIXES
    inside = f"{folder.resolved()}/" if folder else None
    for source in sources:
        if not source.is_folder():
            if source.is_file():
                yield source, PurePosixPath(source.name)
            else:
                job = Job(source, source.with_suffix(suffix) if source.name else source)
                made.failed.append(Outcome(job, "failed", reason=_absent(source)))
            continue
        # A target folder inside the source folder is not its food, unless asked for.
        within = inside is not None and f"{source.resolved()}/".startswith(inside)
        entries = source.entries()
        if not entries:
            made.notes.append(f"{source}: {EMPTY}")
        for relative, kind in entries:
            path = source.joined(relative)
            name = relative.suffix.lower()
            if relative.name.startswith(TEMPORARY):
                continue
            if inside and str(path.resolved()).startswith(inside) and not within:
                continue
            if kind == UNREADABLE:
                job = Job(path, path)
                made.failed.append(Outcome(job, "failed", reason="this folder cannot be read"))
            elif kind != FILE:
                made.left.append((path, kind))
            elif name in known and name != suffix:
                yield path, PurePosixPath(source.resolved().name) / relative
            elif name not in (suffix, CGX):
                made.left.append((path, _kind_of(name, heif)))


def _absent(source: Place) -> str:
    """Why something that a user named is no file."""
    if not source.exists():
        return "no such file"
    is_link = isinstance(source, Local) and source.path.is_symlink()
    return "a link that leads to no file" if is_link else "a special file, which is not read"


def _kind_of(suffix: str, heif: bool) -> str:
    if suffix in openers.HEIF_SUFFIXES and not heif:
        return openers.HEIF_UNREAD
    if suffix in openers.RAW_SUFFIXES:
        return openers.RAW
    return "file that is no picture by its name"
