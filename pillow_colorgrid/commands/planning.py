"""``cgx convert``: which files become which, before any of them is touched."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from PIL import Image

from pillow_colorgrid.commands.convert import Job, Outcome, Settings
from pillow_colorgrid.commands.places import TEMPORARY, Place

SIDECAR_SUFFIXES = (".pdf", ".ps", ".eps", ".mpg", ".mpeg")
"""Pillow knows these names, but they are seldom pictures; given one by one, they are tried."""


def plan(
    sources: Sequence[Place], folder: Place | None, settings: Settings
) -> tuple[list[Job], list[Outcome]]:
    """The jobs for files and whole trees (structure kept), and what cannot be done from the start.

    Args:
        folder: where targets go; None: beside their sources.
    """
    jobs: dict[Place, Job] = {}
    failed = []
    for source, relative, present in _walk(sources, folder, settings.suffix):
        base = folder.joined(relative) if folder else source
        job = Job(source, base.with_suffix(settings.suffix))
        target = job.target.resolved()
        if not present:
            failed.append(Outcome(job, "failed", reason="no such file"))
        elif target == source.resolved():
            reason = f"is already a {settings.suffix} file"
            failed.append(Outcome(job, "failed", reason=reason))
        elif target not in jobs:
            jobs[target] = job
        elif jobs[target].source.resolved() != source.resolved():
            first = jobs[target].source
            reason = f"{job.target.name} would replace the one made of {first.name}"
            failed.append(Outcome(job, "failed", reason=reason))
    return list(jobs.values()), failed


def _walk(
    sources: Iterable[Place], folder: Place | None, suffix: str
) -> Iterator[tuple[Place, PurePosixPath, bool]]:
    """Files below `sources`, each with its place in the target folder, and whether it is there.

    Of folders only what looks like a picture by its name, and nothing that is a target itself.
    """
    known = set(Image.registered_extensions()) - set(SIDECAR_SUFFIXES) - {suffix}
    inside = f"{folder.resolved()}/" if folder else None
    for source in sources:
        if not source.is_folder():
            yield source, PurePosixPath(source.name), source.is_file()
            continue
        # A target folder inside the source folder is not its food, unless asked for.
        within = inside is not None and f"{source.resolved()}/".startswith(inside)
        for relative in source.files():
            path = source.joined(relative)
            if relative.suffix.lower() not in known or relative.name.startswith(TEMPORARY):
                continue
            if inside and str(path.resolved()).startswith(inside) and not within:
                continue
            # Listed just now; asking once more costs a request each where they are far away.
            yield path, PurePosixPath(source.resolved().name) / relative, True
