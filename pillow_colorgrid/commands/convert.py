"""``cgx convert``, one file: never lose a picture.

Each file is written under a temporary name beside its target, read and decoded again and compared
with its source in mode, size and every pixel; only then does it get its name. A target whose pixels
are the source's already is skipped.

A JPEG file goes into its target whole: there its bytes are rebuilt from the target and compared.

The grid coding loses colour: there mode, size, alpha and (where it is kept) luminance are compared;
of the near coding, how far each sample is off. A target of these is skipped if it is, byte for
byte, what would be written.
"""

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image, ImageFile, UnidentifiedImageError

import pillow_colorgrid  # registers .cgx, in worker processes too
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.crayon.description import EXACT_QUALITY
from pillow_colorgrid.codings.jpeg.description import PILLOW_FORMATS, RESTORES
from pillow_colorgrid.codings.near.description import NEAR
from pillow_colorgrid.commands import animation, carrying, dropping, openers, sameness
from pillow_colorgrid.commands.places import TEMPORARY, Place
from pillow_colorgrid.commands.seen import FileState
from pillow_colorgrid.commands.targets import CGX, FORMATS, JPG, LOSSY_TARGETS, Settings
from pillow_colorgrid.commands.terminal import reason_of
from pillow_colorgrid.dropping import JPEG_SIGNATURE, jpeg_without
from pillow_colorgrid.frames.encoder import joined
from pillow_colorgrid.metadata import OWN_FACTS
from pillow_colorgrid.restoring import jpegs_and_pictures, new_jpeg_bytes


@dataclass(frozen=True)
class Job:
    """One file to convert."""

    source: Place
    target: Place


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "converted", "skipped" (done before), "kept", or "failed".

    Attributes:
        target_bytes: of a source that is kept as it is: what the target would have.
        lost: metadata of the source that the target does not hold.
        loss: by how much the pixels of the target are off, where they may be, and were compared.
        restorable: the target gives back the very file.
        cut: that file is cut short.
        source_seen, target_seen: the files that were compared; both must still be these when the
            source is removed.
        needed_by: a link to the source, which therefore stays though the target holds all of it.
    """

    job: Job
    state: str
    source_bytes: int = 0
    target_bytes: int = 0
    reason: str = ""
    lost: tuple[str, ...] = ()
    loss: sameness.Loss | None = None
    restorable: bool = False
    cut: bool = False
    source_seen: FileState | None = None
    target_seen: FileState | None = None
    needed_by: str = ""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What only the target's disk can be."""


class VerificationError(OSError):
    """A target does not give back the pixels of its source."""


def convert(job: Job, settings: Settings) -> Outcome:
    """Convert one file; never raises for a bad picture or a full disk, but says so.

    The source is left where it is: whoever hears of the outcome removes it, where that is wanted.
    A job that was done before its process died is thus skipped when it is done again.
    """
    try:
        return _convert(job, settings)
    except UnidentifiedImageError:
        data, _ = job.source.read()
        return Outcome(job, "failed", reason=openers.unread(job.source.suffix, data))
    except MemoryError:
        return Outcome(job, "failed", reason="not enough memory")
    except Exception as error:  # Plugins for broken files raise anything; the rest must go on.
        return Outcome(job, "failed", reason=_reason(error, job))


def _reason(error: Exception, job: Job) -> str:
    """Why a file was not converted: the source has a line of its own, unfinished files no name."""
    if isinstance(error, OSError):
        unfinished = TEMPORARY in str(error.filename)
        if unfinished or error.errno in FULL:
            return f"cannot write {job.target}: {error.strerror}"
    return reason_of(error, job.source)


def _convert(job: Job, settings: Settings) -> Outcome:
    openers.register()
    source, seen = job.source.read()
    outcome = Outcome(job, "converted", len(source), source_seen=seen)
    if settings.truncated and _is_cut(source):
        # What is compared is the file, which Pillow's guess of the rest cannot change.
        with _guessing_the_rest():
            kept = replace(settings, keep_larger=True)  # it is, by its head
            return replace(_converted(outcome, source, kept), cut=True)
    return _converted(outcome, source, settings)


def _is_cut(data: bytes) -> bool:
    """Whether a file is a JPEG file whose picture Pillow finds cut short."""
    if not data.startswith(JPEG_SIGNATURE):
        return False
    with Image.open(BytesIO(data)) as image:
        try:
            image.load()
        except OSError as error:
            return "truncated" in str(error)
    return False


@contextlib.contextmanager
def _guessing_the_rest() -> Iterator[None]:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _converted(outcome: Outcome, source: bytes, settings: Settings) -> Outcome:
    job = outcome.job
    if settings.suffix == JPG and (settings.original or not settings.any_pixels):
        return _restore(outcome, source, settings)
    if settings.dropped:
        source = jpeg_without(source, settings.dropped)
    image, apart = _load(source, settings)
    if settings.any_pixels and settings.suffix == JPG and _holds_jpeg(image):
        return _restore(outcome, source, settings)
    jpeg = source if settings.keeps_jpeg and image.format in PILLOW_FORMATS else None
    unheld = [*apart, *carrying.gather(image, source)] if jpeg is None else []
    if settings.dropped and jpeg is None and animation.count(image) == 1:
        dropping.drop(image, settings.dropped)
    if job.target.exists() and not settings.lossy:
        return _met(outcome, image, source, settings, jpeg, unheld)
    keywords = settings.keywords
    if jpeg is not None:
        keywords["jpeg"] = jpeg
    data = _saved(image, source, settings, keywords)
    if job.target.exists():
        return _met(outcome, image, source, settings, jpeg, unheld, data)
    if settings.suffix == CGX and len(data) > outcome.source_bytes and not settings.keep_larger:
        return replace(outcome, state="kept", target_bytes=len(data))
    lost: list[str] = []
    losses: list[sameness.Loss] = []

    def check(data: bytes) -> None:
        if jpeg is not None:
            return _check_jpeg(data, jpeg, image)
        with Image.open(BytesIO(data)) as written:
            written.load()
            found = _difference(image, written, settings, losses)
            if not found:
                lost.extend([*unheld, *_lost(image, source, written, data, settings)])
        if found:
            raise VerificationError(f"the {settings.suffix} file would hold {found}")

    try:
        seen = job.target.write(
            data, check if settings.verify else None, job.source, settings.delete_originals
        )
    except FileExistsError:  # somebody else was faster
        return _met(outcome, image, source, settings, jpeg, unheld, data)
    return replace(
        outcome,
        target_bytes=len(data),
        lost=tuple(lost),
        loss=sameness.all_of(losses),
        restorable=jpeg is not None,
        target_seen=seen,
    )


def _saved(
    image: Image.Image, source: bytes, settings: Settings, keywords: dict[str, Any]
) -> bytes:
    """The picture, of several frames all, as a file of the target's format."""
    name = FORMATS[settings.suffix]
    if animation.count(image) == 1:
        return carrying.saved(image, name, keywords)
    if not isinstance(keywords.get("jpeg"), bytes):
        return animation.saved(image, source, settings, keywords)
    coding, options = registry.asked_for(keywords)
    # Else the file is kept whole, behind its first picture.
    return joined.encode(image, coding, options, {}) or carrying.saved(image, name, keywords)


def _check_jpeg(data: bytes, jpeg: bytes, image: Image.Image) -> None:
    """That a .cgx file gives back a JPEG file, and shows its picture, or its pictures.

    Raises:
        VerificationError: it does not.
    """
    restored = []
    try:
        for number, (piece, shown) in enumerate(jpegs_and_pictures(BytesIO(data))):
            if number:
                image.seek(number)
            if found := sameness.difference(image, shown):
                raise VerificationError(f"the .cgx file would hold {found}")
            restored.append(piece)
    except ValueError as error:
        raise VerificationError(f"the .cgx file would hold no JPEG file: {error}") from error
    if b"".join(restored) != jpeg:
        raise VerificationError("the .cgx file would not give back the JPEG file")


NO_JPEG_FILE = "JPEG file (same picture, new file: its pixels once were a JPEG's)"
"""Said of a JPEG file that was made from coefficients found in pixels."""


def _restore(outcome: Outcome, source: bytes, settings: Settings) -> Outcome:
    """Give back the JPEG file of a .cgx file, byte for byte; or make one of known coefficients."""
    job = outcome.job
    lost: tuple[str, ...] = ()
    reason = ""
    try:
        try:
            data = pillow_colorgrid.jpeg_bytes(BytesIO(source))
        except ValueError:  # only pixels went into it: perhaps their coefficients are known
            if settings.original:
                raise
            data, lost = new_jpeg_bytes(BytesIO(source)), (NO_JPEG_FILE,)
    except SyntaxError:
        reason = "is no .cgx file, from which alone --to original and --to jpg take JPEG files"
    except ValueError as error:
        other = _other_way(source) if settings.original else "--lossy makes one"
        reason = f"{error}; {other}"
    if reason:
        return replace(outcome, state="failed", reason=reason)
    outcome = replace(outcome, target_bytes=len(data), restorable=not lost, lost=lost)
    try:
        seen = job.target.write(data, None, job.source, settings.delete_originals)
    except FileExistsError:
        there, seen = job.target.read()
        if there != data:
            reason = f"{job.target} exists and holds another file"
            return replace(outcome, state="failed", reason=reason)
        return replace(outcome, state="skipped", target_seen=seen)
    return replace(outcome, target_seen=seen)


def _other_way(source: bytes) -> str:
    """What to do with a .cgx file that no JPEG file went into."""
    with Image.open(BytesIO(source)) as image:
        to = animation.format_for(image)
    return f"--to {to} gives the pixels" if to else f"no other format holds mode {image.mode}"


def _met(
    outcome: Outcome,
    image: Image.Image,
    source: bytes,
    settings: Settings,
    jpeg: bytes | None,
    unheld: list[str],
    data: bytes | None = None,
) -> Outcome:
    """What becomes of a job whose target is there already, and holds `image` or not.

    Args:
        source: the file of `image`.
        jpeg: the file that the target should give back; None: pixels are enough.
        unheld: names of what no target holds.
        data: what would be written; of a lossy coding the target must be that.
    """
    target = outcome.job.target
    there, seen = target.read()
    if settings.lossy:
        done = there == data
    else:
        decode, whole = settings.delete_originals, jpeg is not None
        done = is_done(there, target.suffix, image, decode, whole)
    if not done:
        reason = f"{target} exists and holds another picture"
        return replace(outcome, state="failed", reason=reason)
    restorable = jpeg is not None and _gives_back(there, jpeg)
    lost = []
    if not restorable:
        with Image.open(BytesIO(there)) as other:
            if other.format != "CGX":
                other.load()  # texts may stand behind the pixels
            lost = [*unheld, *_lost(image, source, other, there, settings)]
        if jpeg is not None:
            lost.append("JPEG file (made by an earlier release: remove it and convert again)")
    return replace(
        outcome,
        state="skipped",
        target_bytes=len(there),
        lost=tuple(lost),
        restorable=restorable,
        target_seen=seen,
    )


def _gives_back(data: bytes, jpeg: bytes) -> bool:
    """Whether a .cgx file holds this JPEG file."""
    try:
        return pillow_colorgrid.jpeg_bytes(BytesIO(data)) == jpeg
    except (OSError, SyntaxError, ValueError):
        return False


def _difference(
    image: Image.Image,
    written: Image.Image,
    settings: Settings,
    losses: list[sameness.Loss],
) -> str:
    """What tells the target from its source and should not, or "".

    Args:
        losses: by how much pixels may be off, and are: one for each frame is added.
    """

    def differ(one: Image.Image, other: Image.Image) -> str:
        if settings.any_pixels:
            return sameness.difference_of_size(one, other)
        if not settings.lossy:
            found = sameness.difference(carrying.as_shown_by(other, one), other)
            lossy = settings.suffix in LOSSY_TARGETS
            return f"{found} (--lossy allows that)" if found and lossy else found
        coding, chosen = registry.asked_for(settings.keywords)
        if coding is NEAR:
            return sameness.difference_of_near(one, other, chosen.max_error, losses)
        exact = chosen.quality == EXACT_QUALITY
        return sameness.difference_of_grid(one, other, exact)

    if animation.count(image) > 1:
        return animation.difference(image, written, differ, settings.any_pixels)
    return differ(image, written)


def _lost(
    image: Image.Image, source: bytes, written: Image.Image, target: bytes, settings: Settings
) -> list[str]:
    """Names of what the target does not hold, apart from pixels; `image` and its file."""
    if animation.count(image) > 1:
        return animation.lost(image, source, written, target, settings.dropped)
    return carrying.lost(image, written, target)


def _load(data: bytes, settings: Settings) -> tuple[Image.Image, list[str]]:
    """The picture of a file; of several frames, the first, and the others can be had.

    Of an MPO file whose pictures differ, the first alone goes into a format of animations; the
    others are named.
    """
    image = Image.open(BytesIO(data))
    apart = animation.set_apart(image, FORMATS[settings.suffix])
    image.load()
    return image, apart


def _holds_jpeg(image: Image.Image) -> bool:
    """Whether a picture is of a .cgx file that gives a JPEG file back."""
    return bool(image.info.get(OWN_FACTS, {}).get(RESTORES))


def is_done(
    data: bytes, suffix: str, image: Image.Image, decode: bool = False, whole: bool = False
) -> bool:
    """Whether a target's bytes hold mode, size and pixels of `image`.

    A .cgx file states a checksum of its pixels; unless `decode`, that is compared.

    Args:
        whole: it keeps the file itself, so that its first frame is enough.
    """
    several = animation.count(image) > 1 and not whole
    if suffix == CGX and not decode and not several:
        return sameness.states_pixels_of(BytesIO(data), image)
    try:
        with Image.open(BytesIO(data)) as other:
            other.load()
            if several:
                return not animation.difference(image, other, sameness.difference)
            return not sameness.difference(carrying.as_shown_by(other, image), other)
    except (OSError, SyntaxError, ValueError):
        return False
