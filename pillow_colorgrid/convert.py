"""``cgx convert``: whole folders into .cgx and back, without ever losing a picture.

Each file is written under a temporary name beside its target, opened again and compared with its
source in mode, size and every pixel; only then does it get its name. A second run skips what is
done: a target whose pixels are the source's.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

import pillow_colorgrid  # noqa: F401  registers .cgx, in worker processes too
from pillow_colorgrid import container
from pillow_colorgrid.execution import THREADS_VARIABLE
from pillow_colorgrid.metadata import SECTIONS as METADATA_SECTIONS

CGX = ".cgx"

LOSSLESS_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"optimize": True},
    ".webp": {"lossless": True, "exact": True},
    ".tif": {"compression": "tiff_lzw"},
}
"""Targets other than .cgx and the options of save that keep every pixel."""


@dataclass(frozen=True)
class Settings:
    """What to do with each file.

    Attributes:
        suffix: of the targets, ".cgx" or a key of LOSSLESS_OPTIONS.
        options: further keywords of `Image.save`.
        verify: open each target again and compare it before it gets its name.
        delete_originals: remove a source once its target is verified.
    """

    suffix: str = CGX
    options: tuple[tuple[str, object], ...] = ()
    verify: bool = True
    delete_originals: bool = False

    @property
    def keywords(self) -> dict[str, Any]:
        return {**LOSSLESS_OPTIONS.get(self.suffix, {}), **dict(self.options)}


@dataclass(frozen=True)
class Job:
    """One file to convert."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "converted", "skipped" (done before) or "failed" (with a reason)."""

    job: Job
    state: str
    source_bytes: int = 0
    target_bytes: int = 0
    reason: str = ""


class VerificationError(OSError):
    """A target does not give back the pixels of its source."""


# -- which files --------------------------------------------------------------------------------


def plan(
    sources: Sequence[Path], folder: Path | None, settings: Settings
) -> tuple[list[Job], list[Outcome]]:
    """The jobs for files and whole trees (structure kept), and what cannot be done from the start.

    Args:
        folder: where targets go; None: beside their sources.
    """
    jobs: dict[Path, Job] = {}
    failed = []
    for source, relative in _walk(sources):
        base = folder / relative if folder else source
        job = Job(source, base.with_suffix(settings.suffix))
        if not source.is_file():
            failed.append(Outcome(job, "failed", reason="no such file"))
        elif job.target in jobs:
            first = jobs[job.target].source
            reason = f"{job.target.name} would replace the one made of {first.name}"
            failed.append(Outcome(job, "failed", reason=reason))
        else:
            jobs[job.target] = job
    return list(jobs.values()), failed


def _walk(sources: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Files below `sources`, each with its place in the target folder; only pictures of folders."""
    known = set(Image.registered_extensions())
    for source in sources:
        if not source.is_dir():
            yield source, Path(source.name)
            continue
        for path in sorted(source.rglob("*")):
            if path.is_file() and path.suffix.lower() in known:
                yield path, Path(source.name) / path.relative_to(source)


# -- one file -----------------------------------------------------------------------------------


def convert(job: Job, settings: Settings) -> Outcome:
    """Convert one file; never raises for a bad picture or a full disk, but says so."""
    try:
        return _convert(job, settings)
    except UnidentifiedImageError:
        return Outcome(job, "failed", reason="not a picture that Pillow reads")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return Outcome(job, "failed", reason=str(error) or type(error).__name__)


def _convert(job: Job, settings: Settings) -> Outcome:
    if job.source.resolve() == job.target.resolve():
        return Outcome(job, "failed", reason=f"is already a {settings.suffix} file")
    with Image.open(job.source) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise OSError(f"{getattr(image, 'n_frames', 1)} frames, allowed: 1")
        image.load()
    source_bytes = job.source.stat().st_size
    if job.target.exists():
        if same_as(job.target, image):
            return _done(job, "skipped", source_bytes, settings)
        return Outcome(job, "failed", reason=f"{job.target} exists and holds another picture")
    job.target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = job.target.with_name(f".{job.target.name}.{os.getpid()}.part{settings.suffix}")
    try:
        image.save(unfinished, **_with_metadata(image, settings))
        if settings.verify and not same_as(unfinished, image, decode=True):
            raise VerificationError("the file written does not give back the pixels")
        shutil.copystat(job.source, unfinished)
        os.replace(unfinished, job.target)
    finally:
        unfinished.unlink(missing_ok=True)
    return _done(job, "converted", source_bytes, settings)


def _with_metadata(image: Image.Image, settings: Settings) -> dict[str, Any]:
    """The keywords of save; other formats than ours keep metadata only when told to."""
    kept = {key: image.info[key] for key in METADATA_SECTIONS if image.info.get(key)}
    return {**kept, **settings.keywords}


def _done(job: Job, state: str, source_bytes: int, settings: Settings) -> Outcome:
    target_bytes = job.target.stat().st_size
    # Skipped targets were compared by content as well, so their sources may go, too.
    if settings.delete_originals and settings.verify:
        job.source.unlink()
    return Outcome(job, state, source_bytes, target_bytes)


def same_as(path: Path, image: Image.Image, decode: bool = False) -> bool:
    """Whether the file at `path` holds mode, size and pixels of `image`.

    A .cgx file states a checksum of its pixels; unless `decode`, that is compared.
    """
    if path.suffix == CGX and not decode:
        from pillow_colorgrid import pixels

        try:
            with path.open("rb") as file:
                header = container.read_header(file)
                for _ in container.read_sections(file):
                    pass
        except (OSError, SyntaxError):
            return False
        found = container.pixel_checksum(pixels.from_image(image).tobytes())
        return (header.mode, header.size, header.checksum) == (image.mode, image.size, found)
    with Image.open(path) as other:
        other.load()
    return (other.mode, other.size, other.getpalette()) == (
        image.mode,
        image.size,
        image.getpalette(),
    ) and other.tobytes() == image.tobytes()


# -- many files ---------------------------------------------------------------------------------


def run(jobs: Sequence[Job], settings: Settings, processes: int) -> Iterator[Outcome]:
    """Convert `jobs` in so many processes; outcomes come as they are done."""
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            yield convert(job, settings)
        return
    # Not fork: a forked onnxruntime hangs. One thread each: the processes share the cores.
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_one_thread) as pool:
        running: dict[Future[Outcome], Job] = {
            pool.submit(convert, job, settings): job for job in jobs
        }
        try:
            for future in as_completed(running):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _one_thread() -> None:
    os.environ.setdefault(THREADS_VARIABLE, "1")
