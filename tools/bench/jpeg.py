"""JPEG files made smaller without loss: .cgx beside JPEG XL's transcode, Lepton and Huffman codes.

    python -m tools.bench.jpeg --images DIR... --qualities 75 92 --out tools/results/jpeg.tsv
    python -m tools.bench.jpeg --files DIR --origins origins.tsv --out tools/results/jpeg_files.tsv

Pictures are saved by Pillow in each quality and subsampling; files are taken as they are, where
Pillow can show them. Each codec writes a file, whose size counts whole. It must show every pixel
that Pillow shows of the JPEG, and give the JPEG back byte for byte unless it makes another JPEG;
otherwise, or where a codec does not take a file, the row says so and the summary counts the JPEG
as it is. If that happens to .cgx, the exit status is 1.

FILE.tsv has a row for each file and codec, FILE_summary.tsv for each group and codec: sums of
bytes, not means of percentages. FILE.png shows percent saved against decoding time. With
`--resume` rows that FILE.tsv has already are kept, so that a long run may be done in parts, and
`--again CGX` measures only that codec anew. Codecs and where they come from: `jpeg_codecs`. Kodak
in four qualities took a minute for the others and ten for .cgx on two cores with other work.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar

from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from pillow_colorgrid import container
from pillow_colorgrid.codings.jpeg.description import JPEG, WHOLE_FILE
from tools.bench.jpeg_codecs import CODECS, OWN, REDUCTION, Codec, Sample, loaded
from tools.bench.jpeg_tables import OTHER_JPEG, Row, plot, read_rows, summary, write
from tools.data.images import pictures

SUBSAMPLINGS = {"420": "4:2:0", "422": "4:2:2", "444": "4:4:4"}

Value = TypeVar("Value")


@dataclass(frozen=True)
class Found:
    """A JPEG file and what its rows say of it."""

    sample: Sample
    group: str
    file: str
    origin: str = ""
    quality: str = ""
    subsampling: str = ""


# -- measuring ------------------------------------------------------------------------------------


def timed(repeat: int, action: Callable[[], Value]) -> tuple[Value, float]:
    """What `action` returns, and its shortest time in ms."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        value = action()
        times.append(time.perf_counter() - begin)
    return value, round(1000 * min(times), 2)


def kept_as(path: Path) -> str:
    """What a .cgx file keeps of a JPEG file."""
    with path.open("rb") as file:
        header = container.read_header(file)
        types = {section.type for section in container.read_sections(file)}
    if header.coding != JPEG.number:
        return "pixels"
    return "file" if WHOLE_FILE.type in types else "coefficients"


def measure(found: Found, name: str, shown: Image.Image, folder: Path, repeat: int) -> Row:
    """Encode, verify and time.

    Args:
        shown: what Pillow shows of the JPEG file.
        folder: for the codec's file.
    """
    codec, data = CODECS[name], found.sample.path.read_bytes()
    path = folder / ("file" + codec.suffix)
    row = Row(
        found.group,
        found.file,
        found.origin,
        found.quality,
        found.subsampling,
        *shown.size,
        shown.mode,
        len(data),
        name,
        len(data),
        *("no", "", "", "", "", "", ""),
    )
    path.unlink(missing_ok=True)
    try:
        _fill(row, codec, found.sample, shown, data, path, repeat)
    except Exception as error:  # each codec raises its own, for files that it does not take
        if name == OWN and path.exists():  # what users would get counts, not the JPEG
            row.size_bytes, row.kept_as = path.stat().st_size, kept_as(path)
        said = str(error).split(" at /")[0]  # without the places in the sources that Rust adds
        row.refused = " ".join(f"{type(error).__name__}: {said}".split())[:100]
    return row


def _fill(
    row: Row,
    codec: Codec,
    sample: Sample,
    shown: Image.Image,
    data: bytes,
    path: Path,
    repeat: int,
) -> None:
    """Set the figures of `row`.

    Raises:
        ValueError: the codec's file does not show the picture or does not give the JPEG back.
    """
    _, encode_ms = timed(repeat, lambda: codec.encode(sample, path))
    decoded, decode_ms = timed(repeat, lambda: codec.pixels(path))
    if (decoded.mode, decoded.size) != (shown.mode, shown.size):
        raise ValueError(f"{decoded.mode} {decoded.size} in place of {shown.mode} {shown.size}")
    if decoded.tobytes() != shown.tobytes():
        raise ValueError("other pixels")
    restore_ms: float | str = ""
    if codec.restore is not None:
        restored, restore_ms = timed(repeat, lambda: codec.restore(path))
        if restored != data:
            raise ValueError("another JPEG file is given back")
    _, small_ms = timed(repeat, lambda: codec.small(path))
    row.size_bytes = path.stat().st_size
    row.restored = "yes" if codec.restore else OTHER_JPEG
    row.kept_as = kept_as(path) if row.codec == OWN else ""
    row.encode_ms, row.decode_ms = encode_ms, decode_ms
    row.restore_ms, row.small_ms = restore_ms, small_ms


# -- what is measured -----------------------------------------------------------------------------


def plain(image: Image.Image) -> Image.Image:
    """In a mode that JPEG has, without metadata."""
    converted = image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")
    converted.info.clear()
    return converted


def made(
    folder: Path,
    qualities: list[int],
    subsamplings: list[str],
    apart: list[str],
    every: int,
    temporary: Path,
) -> Iterator[Found]:
    """The pictures of a folder as JPEG files by Pillow, one after the other in the same place."""
    for picture in pictures(folder)[::every]:
        image = plain(picture.open())
        name = picture.path.name
        group = f"{folder.name}, {name}" if picture.path.stem in apart else folder.name
        for quality in qualities:
            for subsampling in subsamplings:
                options = {"quality": quality, "subsampling": SUBSAMPLINGS[subsampling]}
                path = temporary / "made.jpg"
                image.save(path, **options)
                sample = Sample(path, image, options)
                yield Found(sample, group, name, "", str(quality), SUBSAMPLINGS[subsampling])


def taken(folder: Path, origins: Path | None, every: int) -> Iterator[Found]:
    """The files of a folder, with where they come from if a table says so."""
    told = {}
    if origins:
        with origins.open(newline="") as file:
            for line in csv.DictReader(file, delimiter="\t"):
                told[line["file"]] = f"{line['origin']}: {line['path']}"
    for path in sorted(path for path in folder.iterdir() if path.is_file())[::every]:
        yield Found(Sample(path, None, {}), folder.name, path.name, told.get(path.name, ""))


def shown_by_pillow(path: Path) -> Image.Image | None:
    """The picture; None where Pillow finds no JPEG file or cannot show it."""
    try:
        image = loaded(path)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None
    return image if image.format in ("JPEG", "MPO") else None


# -- the command ----------------------------------------------------------------------------------


def warm_up(names: list[str]) -> None:
    """What loads once is loaded before anything is timed."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "made.jpg"
        image = Image.new("RGB", (64, 64)).effect_spread(9)
        image.save(path)
        for name in names:
            measure(Found(Sample(path, image, {}), "", ""), name, loaded(path), Path(temporary), 1)


def parsed(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--images", nargs="+", type=Path, default=[], help="folders of pictures")
    parser.add_argument("--qualities", nargs="+", type=int, default=[75, 85, 92, 95])
    parser.add_argument("--subsampling", nargs="+", default=["420"], choices=SUBSAMPLINGS)
    parser.add_argument("--files", nargs="+", type=Path, default=[], help="folders of JPEG files")
    parser.add_argument("--origins", type=Path, help="TSV: file, origin, path")
    parser.add_argument("--codecs", nargs="+", default=list(CODECS), choices=CODECS)
    parser.add_argument(
        "--apart", nargs="+", default=[], metavar="STEM", help="pictures in a group of their own"
    )
    parser.add_argument("--every", type=int, default=1, help="only each N-th picture and file")
    parser.add_argument("--repeat", type=int, default=1, help="timed runs of each; best counts")
    parser.add_argument("--note", nargs="+", default=[], help="comments in the tables")
    parser.add_argument("--resume", action="store_true", help="keep the rows that --out has")
    parser.add_argument(
        "--again", nargs="+", default=[], choices=CODECS, help="with --resume: not those rows"
    )
    parser.add_argument("--out", type=Path, help="TSV file; summary and plot go beside it")
    arguments = parser.parse_args(given)
    if not arguments.images and not arguments.files:
        parser.error("neither --images nor --files is given")
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    arguments = parsed(given)
    rows = []
    if arguments.resume and arguments.out and arguments.out.exists():
        rows = [row for row in read_rows(arguments.out) if row.codec not in arguments.again]
    known = {row.key() for row in rows}
    aside = 0
    warm_up(arguments.codecs)

    def save() -> list[dict[str, object]]:
        rows.sort(key=Row.order)
        lines = summary(rows)
        if arguments.out and rows:
            columns = [field.name for field in fields(Row)]
            write(arguments.out, [asdict(row) for row in rows], columns, arguments.note)
            short = arguments.out.with_name(arguments.out.stem + "_summary.tsv")
            notes = [*arguments.note, f"small: at 1/{REDUCTION}; mps: megapixels a second"]
            write(short, lines, list(lines[0]), notes)
        return lines

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        sources = [
            *(
                made(
                    folder,
                    arguments.qualities,
                    arguments.subsampling,
                    arguments.apart,
                    arguments.every,
                    place,
                )
                for folder in arguments.images
            ),
            *(taken(folder, arguments.origins, arguments.every) for folder in arguments.files),
        ]
        for source in sources:
            for found in tqdm(source, disable=None):
                shown = shown_by_pillow(found.sample.path)
                if shown is None:
                    aside += 1
                    continue
                key = (found.group, found.file, found.quality, found.subsampling)
                rows += [
                    measure(found, name, shown, place, arguments.repeat)
                    for name in arguments.codecs
                    if (*key, name) not in known
                    and (CODECS[name].found_files or found.sample.picture is not None)
                ]
                if arguments.resume:
                    save()
    lines = save()
    if lines:
        print("\t".join(lines[0]))
        for line in lines:
            print("\t".join(map(str, line.values())))
    if aside:
        print(f"{aside} files left aside: Pillow cannot show them")
    if arguments.out and lines:
        plot(lines, arguments.out.with_suffix(".png"))
    wrong = [row for row in rows if row.codec == OWN and row.refused]
    for row in wrong:
        print(f"{row.file} {row.quality} {row.subsampling}: {row.refused}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
