"""How small is each kind of picture, beside the best rivals, and how long does it take?

    python -m tools.bench.kinds --out tools/results/kinds.tsv \\
        ../shared/data/eval/{icons,scans,aerial,medical,screens,cutouts,gameart} \\
        bits16=ARRAYS pages=PAGES bits1=PAGES_OF_1_BIT cmyk=CMYK

A kind is a folder of pictures of any mode, named by the folder or as NAME=FOLDER. Pages are made by
`tools.data.mixed_pages`, out of these those of one bit, and CMYK, by `tools.data.turned`; ARRAYS
are `.npy` files of 16 bits, as `tools.bench.deep` takes them. Each picture, without metadata, is
coded by PNG, CCITT group 4 (one bit), WebP (method 6), JPEG XL (efforts 7, 9) and .cgx (efforts 1,
5, 9), decoded and compared, before it counts. Bytes are of whole files, times CPU time, once: for
one beside another, not by themselves. Rivals without a picture's mode get the smallest one that
holds its samples: WebP RGB or RGBA, JPEG XL L (0 and 1 for one bit), RGB, RGBA or 16 bits; CMYK is
RGBA to all of them. Of other modes there is nothing to tell.

The table has a line for each picture and codec; what stands in it already is not measured again, so
a run that was ended goes on. Beside it, NAME_summary.tsv sums kinds up, and all of them: bytes, and
how much .cgx is above the smaller of WebP and JPEG XL e9 (for the whole kind). An hour on one core.
"""

import argparse
import csv
import io
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.data.images import pictures

COLUMNS = (
    "kind", "picture", "mode", "width", "height", "codec", "size_bytes", "encode_ms", "decode_ms",
)  # fmt: skip

WEBP = {"lossless": True, "exact": True, "method": 6, "quality": 80}

WIDE = ("I;16", "I;16B", "I;16L", "I;16N")
"""Modes of 16 bits."""

RIVALS = ("WebP m6", "JPEG XL e9")

GROUP_4 = "CCITT group 4"
"""Of one bit only (TIFF): it is left out of the sums of kinds that have other pictures, too."""

ALL = "all"
"""What the kinds together are called."""

EFFORTS = (1, 5, 9)

PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK")
"""Modes of 8 bits and less that `as_shown` knows."""


def found(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """The names of pictures and of arrays of a folder, and what is in them."""
    arrays = sorted(folder.glob("*.npy"))
    for path in arrays:
        yield path.name, Image.fromarray(np.load(path))
    for picture in pictures(folder) if not arrays else ():
        yield picture.path.name, picture.open()


def bare(image: Image.Image) -> Image.Image:
    """Without metadata; what is transparent stays so."""
    kept = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
    copy = image.copy()
    copy.info = kept
    return copy


def as_shown(image: Image.Image) -> np.ndarray | None:
    """(H, W) or (H, W, 3 or 4): the fewest channels that hold it; None of modes such as HSV."""
    if image.mode in WIDE:
        return np.asarray(image).astype(np.uint16)
    if image.mode not in PLAIN:
        return None
    if image.mode == "CMYK":
        return np.asarray(image)
    if image.mode == "1":  # of Pillow's arrays, true is 255
        return np.minimum(np.asarray(image).view(np.uint8), 1)
    see_through = "A" in image.mode or "transparency" in image.info
    pixels = np.asarray(image.convert("RGBA" if see_through else "RGB"))
    grey = (pixels[..., :1] == pixels[..., 1:3]).all()
    return np.ascontiguousarray(pixels[..., 0]) if grey and not see_through else pixels


# -- codecs: a picture -> its file, and what makes an array of the file to compare ----------------


def by_pillow(codec: str, **options: object) -> Callable[[Image.Image], bytes]:
    def encode(image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, codec, **options)
        return file.getvalue()

    return encode


def loaded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def by_png(image: Image.Image) -> bytes:
    held = Image.fromarray(as_shown(image)) if image.mode == "CMYK" else image
    return by_pillow("PNG", optimize=True)(held)


def by_webp(image: Image.Image) -> bytes:
    return by_pillow("WEBP", **WEBP)(Image.fromarray(_colored(as_shown(image))))


def _colored(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels


def by_jpeg_xl(effort: int) -> Callable[[Image.Image], bytes]:
    def encode(image: Image.Image) -> bytes:
        data: bytes = imagecodecs.jpegxl_encode(as_shown(image), lossless=True, effort=effort)
        return data

    return encode


def has_png(image: Image.Image) -> bool:
    return image.mode in (*PLAIN, *WIDE) and image.mode != "PA"


def is_bilevel(image: Image.Image) -> bool:
    return image.mode == "1"


def is_shown(image: Image.Image) -> bool:
    return image.mode in (*PLAIN, *WIDE)


def is_plain(image: Image.Image) -> bool:
    return image.mode in PLAIN and max(image.size) < 16384


def same(image: Image.Image, decoded: np.ndarray) -> bool:
    return np.array_equal(np.asarray(image), decoded)


def same_as_shown(image: Image.Image, decoded: np.ndarray) -> bool:
    """WebP drops an alpha channel that is opaque, and has no grey."""
    expected = as_shown(image)
    if decoded.ndim == 3:
        expected = _colored(expected)[..., : decoded.shape[2]]
    return np.array_equal(expected, decoded)


CODECS: dict[str, tuple[Callable, Callable, Callable, Callable]] = {
    "PNG": (has_png, by_png, loaded, same),
    GROUP_4: (is_bilevel, by_pillow("TIFF", compression="group4"), loaded, same),
    "WebP m6": (is_plain, by_webp, loaded, same_as_shown),
    **{
        f"JPEG XL e{effort}": (
            is_shown,
            by_jpeg_xl(effort),
            imagecodecs.jpegxl_decode,
            same_as_shown,
        )
        for effort in (7, 9)
    },
    **{
        f"CGX e{effort}": (lambda _: True, by_pillow("CGX", effort=effort), loaded, same)
        for effort in EFFORTS
    },
}
"""Name -> whether it takes a picture, encode, decode, compare."""


def measure(image: Image.Image, name: str) -> tuple[int, float, float] | None:
    """Bytes, and CPU milliseconds of encoding and decoding; None where the codec lacks the mode.

    Raises:
        ValueError: what was decoded is not the picture.
    """
    takes, encode, decode, agree = CODECS[name]
    if not takes(image):
        return None
    begin = time.process_time()
    data = encode(image)
    middle = time.process_time()
    decoded = decode(data)
    end = time.process_time()
    if not agree(image, decoded):
        raise ValueError(f"{name} does not give back the picture")
    return len(data), 1000 * (middle - begin), 1000 * (end - middle)


# -- tables ---------------------------------------------------------------------------------------


def read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


Sums = dict[str, list[float]]
"""Of codecs: bytes, milliseconds to encode, to decode."""


def summary(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """A line for each kind and codec, over the pictures that all codecs of the kind have.

    At last lines of all kinds together; each has one rival there, the smaller one.
    """
    kinds: dict[str, dict[str, dict[str, dict[str, str]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        kinds[row["kind"]][row["codec"]][row["picture"]] = row
    lines: list[dict[str, object]] = []
    everything: list[tuple[int, float, Sums]] = []
    for kind, codecs in kinds.items():
        if len(codecs.get(GROUP_4, ())) < max(map(len, codecs.values())):
            codecs.pop(GROUP_4, None)
        common = set.intersection(*(set(found) for found in codecs.values()))
        sums = {
            codec: [
                sum(float(found[picture][column]) for picture in common) for column in COLUMNS[-3:]
            ]
            for codec, found in codecs.items()
        }
        one = next(iter(codecs.values()))
        pixels = sum(int(one[name]["width"]) * int(one[name]["height"]) for name in common)
        if common:
            lines += _lines(kind, len(common), pixels, sums)
            everything.append((len(common), pixels, sums))
    counts, sizes, of_kinds = zip(*everything, strict=True)
    shared = set.intersection(*(set(sums) for sums in of_kinds))
    together = {codec: np.sum([sums[codec] for sums in of_kinds], axis=0) for codec in shared}
    rival = f"the smaller of {RIVALS[0]} and {RIVALS[1]}"
    if all(_rivals(sums) for sums in of_kinds):
        together[rival] = np.sum([min(_rivals(sums)) for sums in of_kinds], axis=0)
    return lines + _lines(ALL, sum(counts), sum(sizes), together, rival)


def _rivals(sums: Sums) -> list[list[float]]:
    return [sums[name] for name in RIVALS if name in sums]


def _lines(
    kind: str, count: int, pixels: float, sums: Sums, rival: str = ""
) -> list[dict[str, object]]:
    """The lines of a kind; `rival` is the codec that others are compared with, if it is given."""
    rivals = [sums[rival]] if rival in sums else _rivals(sums)
    least = min(rivals)[0] if rivals else 0
    return [
        {
            "kind": kind,
            "codec": codec,
            "pictures": count,
            "megapixels": f"{pixels / 1e6:.2f}",
            "size_bytes": round(sums[codec][0]),
            "above_rival": f"{sums[codec][0] / least - 1:+.2%}" if least else "",
            "encode_ms": round(sums[codec][1]),
            "decode_ms": round(sums[codec][2]),
        }
        for codec in (*CODECS, rival)
        if codec in sums
    ]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kinds", nargs="+", help="folders of pictures, or NAME=FOLDER")
    parser.add_argument("--codecs", nargs="+", default=list(CODECS), choices=CODECS)
    parser.add_argument("--out", type=Path, required=True, help="the table (TSV), which grows")
    options = parser.parse_args()
    known = {(row["kind"], row["picture"], row["codec"]) for row in read(options.out)}
    fresh = not options.out.exists()
    by_pillow("CGX")(Image.new("RGB", (300, 300)).effect_spread(9))  # loads what loads once
    with options.out.open("a", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        if fresh:
            table.writerow(COLUMNS)
        for one in options.kinds:
            kind, _, folder = one.rpartition("=")
            kind = kind or Path(folder).name
            for name, image in tqdm(list(found(Path(folder))), desc=kind):
                picture = bare(image)
                for codec in options.codecs:
                    if (kind, name, codec) in known:
                        continue
                    measured = measure(picture, codec)
                    if measured is not None:
                        size_bytes, *times = measured
                        row = [kind, name, picture.mode, *picture.size, codec, size_bytes]
                        table.writerow([*row, *(f"{one:.1f}" for one in times)])
                        file.flush()
    lines = summary(read(options.out))
    write(options.out.with_name(f"{options.out.stem}_summary.tsv"), lines)
    for line in lines:
        print(*line.values(), sep="\t")


if __name__ == "__main__":
    main()
