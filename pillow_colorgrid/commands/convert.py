"""``cgx convert``, one file: never lose a picture.

Each file is written under a temporary name beside its target, read and decoded again and compared
with its source in mode, size and every pixel; only then does it get its name. A target whose pixels
are the source's already is skipped.

A JPEG file goes into its target whole: there its bytes are rebuilt from the target and compared.

The grid coding loses colour: there mode, size, alpha and (where it is kept) luminance are compared,
and a target is skipped if it is, byte for byte, what would be written.
"""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

import pillow_colorgrid  # registers .cgx, in worker processes too
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.crayon.description import EXACT_QUALITY
from pillow_colorgrid.codings.jpeg.description import PILLOW_FORMATS
from pillow_colorgrid.commands import animation, carrying, sameness
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.seen import FileState

CGX, JPG = ".cgx", ".jpg"

LOSSLESS_OPTIONS: dict[str, dict[str, Any]] = {
    ".png": {"optimize": True},
    ".webp": {"lossless": True, "exact": True},
    ".tif": {"compression": "tiff_lzw"},
}
"""Targets other than .cgx and the options of save that keep every pixel."""

FORMATS = {CGX: "CGX", JPG: "JPEG", ".gif": "GIF", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF"}
"""Pillow's names."""


@dataclass(frozen=True)
class Settings:
    """What to do with each file.

    Attributes:
        suffix: of the targets, a key of FORMATS.
        options: further keywords of `Image.save`.
        verify: decode each target again and compare it before it gets its name.
        delete_originals: a source will be removed once its target is verified.
    """

    suffix: str = CGX
    options: tuple[tuple[str, object], ...] = ()
    verify: bool = True
    delete_originals: bool = False

    @property
    def keywords(self) -> dict[str, Any]:
        return {**LOSSLESS_OPTIONS.get(self.suffix, {}), **dict(self.options)}

    @property
    def lossy(self) -> bool:
        """Whether targets lose colour."""
        return self.suffix == CGX and registry.asked_for(self.keywords)[0].lossy

    @property
    def keeps_jpeg(self) -> bool:
        """Whether the target of a JPEG file is to give that file back."""
        if self.suffix != CGX:
            return False
        coding, options = registry.asked_for(self.keywords)
        return coding is registry.DEFAULT and options.jpeg == "auto"


@dataclass(frozen=True)
class Job:
    """One file to convert."""

    source: Place
    target: Place


@dataclass(frozen=True)
class Outcome:
    """What became of a job: "converted", "skipped" (done before) or "failed" (with a reason).

    Attributes:
        lost: metadata of the source that the target does not hold.
        restorable: the target gives back the very file.
        source_seen, target_seen: the files that were compared; both must still be these when the
            source is removed.
    """

    job: Job
    state: str
    source_bytes: int = 0
    target_bytes: int = 0
    reason: str = ""
    lost: tuple[str, ...] = ()
    restorable: bool = False
    source_seen: FileState | None = None
    target_seen: FileState | None = None


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
        return Outcome(job, "failed", reason="not a picture that Pillow reads")
    except MemoryError:
        return Outcome(job, "failed", reason="not enough memory")
    except Exception as error:  # Plugins for broken files raise anything; the rest must go on.
        return Outcome(job, "failed", reason=str(error) or type(error).__name__)


def _convert(job: Job, settings: Settings) -> Outcome:
    source, seen = job.source.read()
    outcome = Outcome(job, "converted", len(source), source_seen=seen)
    if settings.suffix == JPG:
        return _restore(outcome, source, settings)
    image = _load(source)
    jpeg = source if settings.keeps_jpeg and image.format in PILLOW_FORMATS else None
    unheld = carrying.gather(image, source) if jpeg is None else []
    if job.target.exists() and not settings.lossy:
        return _met(outcome, image, source, settings, jpeg, unheld)
    keywords = settings.keywords
    if jpeg is not None:
        keywords["jpeg"] = jpeg
    if animation.count(image) > 1 and jpeg is None:
        data = animation.saved(image, source, FORMATS[settings.suffix], keywords)
    else:
        data = carrying.saved(image, FORMATS[settings.suffix], keywords)
    if job.target.exists():
        return _met(outcome, image, source, settings, jpeg, unheld, data)
    lost = []

    def check(data: bytes) -> None:
        with Image.open(BytesIO(data)) as written:
            written.load()
            found = _difference(image, written, settings, whole=jpeg is not None)
            if jpeg is None and not found:
                lost.extend([*unheld, *_lost(image, source, written, data)])
        if found:
            raise VerificationError(f"the {settings.suffix} file would hold {found}")
        if jpeg is not None and pillow_colorgrid.jpeg_bytes(BytesIO(data)) != jpeg:
            raise VerificationError("the .cgx file would not give back the JPEG file")

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
        restorable=jpeg is not None,
        target_seen=seen,
    )


def _restore(outcome: Outcome, source: bytes, settings: Settings) -> Outcome:
    """Give back the JPEG file of a .cgx file, byte for byte."""
    job = outcome.job
    if job.source.suffix != CGX:
        reason = "is no .cgx file: --to jpg gives back the JPEG files that are in them"
        return replace(outcome, state="failed", reason=reason)
    data = pillow_colorgrid.jpeg_bytes(BytesIO(source))
    outcome = replace(outcome, target_bytes=len(data), restorable=True)
    try:
        seen = job.target.write(data, None, job.source, settings.delete_originals)
    except FileExistsError:
        there, seen = job.target.read()
        if there != data:
            reason = f"{job.target} exists and holds another file"
            return replace(outcome, state="failed", reason=reason)
        return replace(outcome, state="skipped", target_seen=seen)
    return replace(outcome, target_seen=seen)


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
            lost = [*unheld, *_lost(image, source, other, there)]
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
    image: Image.Image, written: Image.Image, settings: Settings, whole: bool = False
) -> str:
    """What tells the target from its source and should not, or "".

    Args:
        whole: the target keeps the file itself, frames and all.
    """

    def differ(one: Image.Image, other: Image.Image) -> str:
        if not settings.lossy:
            return sameness.difference(carrying.as_shown_by(other, one), other)
        exact = registry.asked_for(settings.keywords)[1].quality == EXACT_QUALITY
        return sameness.difference_of_grid(one, other, exact)

    if animation.count(image) > 1 and not whole:
        return animation.difference(image, written, differ)
    return differ(image, written)


def _lost(image: Image.Image, source: bytes, written: Image.Image, target: bytes) -> list[str]:
    """Names of what the target does not hold, apart from pixels; `image` and its file."""
    if animation.count(image) > 1:
        return animation.lost(image, source, written, target)
    return carrying.lost(image, written, target)


def _load(data: bytes) -> Image.Image:
    """The picture of a file; of several frames, the first, and the others can be had."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


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
