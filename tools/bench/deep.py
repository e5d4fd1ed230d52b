"""How small are samples of 16 bits, and pages of black and white, beside JPEG XL, PNG and TIFF?

    python -m tools.bench.deep --out tools/results/deep.tsv FOLDER ...

Takes what Pillow opens in modes I;16, I, F and 1, and arrays of unsigned 16-bit integers (`.npy`,
of two dimensions: slices of CT or MR out of the wheels of nibabel, pydicom and pydicom-data,
heights out of matplotlib's). Each file is decoded again and compared before anything is told of
it. A line for each picture and encoder: bytes of the whole file, CPU seconds to encode and to
decode (of all threads). TIFF is deflated, pages by CCITT group 4. Five minutes for 40 pictures.
"""

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from tqdm import tqdm

import pillow_colorgrid  # noqa: F401  registers .cgx
from tools.bench import folders

MODES = ("I;16", "I", "F", "1")

EFFORTS = (1, 5, 9)

Codec = tuple[Callable[[], bytes], Callable[[bytes], bytes]]
"""Encode; decode to the bytes of the pixels."""


def by_pillow(image: Image.Image, name: str, **options: object) -> Codec:
    def encode() -> bytes:
        file = io.BytesIO()
        image.save(file, name, **options)
        return file.getvalue()

    def decode(data: bytes) -> bytes:
        with Image.open(io.BytesIO(data)) as opened:
            return opened.tobytes()

    return encode, decode


def by_jpeg_xl(image: Image.Image, effort: int) -> Codec:
    pixels = np.ascontiguousarray(image)
    samples = pixels.astype(np.uint8) if image.mode == "1" else pixels

    def decode(data: bytes) -> bytes:
        found = imagecodecs.jpegxl_decode(data).reshape(pixels.shape).astype(pixels.dtype)
        return Image.fromarray(found).tobytes()

    return lambda: imagecodecs.jpegxl_encode(samples, lossless=True, effort=effort), decode


def codecs(image: Image.Image) -> Iterator[tuple[str, Codec]]:
    if image.mode != "F":
        yield "PNG", by_pillow(image, "PNG", optimize=True)
    compression = "group4" if image.mode == "1" else "tiff_adobe_deflate"
    yield "TIFF", by_pillow(image, "TIFF", compression=compression)
    if image.mode in ("I;16", "1"):
        for effort in (7, 9):
            yield f"JPEG XL e{effort}", by_jpeg_xl(image, effort)
    for effort in EFFORTS:
        yield f"CGX e{effort}", by_pillow(image, "CGX", effort=effort)


def pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".npy":
            yield path.stem, Image.fromarray(np.load(path))
            continue
        try:
            with Image.open(path) as opened:
                opened.load()
        except OSError:
            continue
        if opened.mode in MODES:
            opened.info.clear()
            yield path.stem, opened


def main() -> None:
    arguments = folders.parsed(__doc__)
    ramp = Image.fromarray(np.arange(20_000, dtype=np.uint16).reshape(100, 200) ** 2)
    for effort in EFFORTS:  # loads what loads once
        encode, decode = by_pillow(ramp, "CGX", effort=effort)
        decode(encode())
    with arguments.out.open("w", newline="") as file:
        file.write(folders.heading("deep", arguments.folders))
        table = csv.writer(file, delimiter="\t")
        about = ["folder", "picture", "mode", "width", "height"]
        table.writerow([*about, "encoder", "size_bytes", "encode_cpu_s", "decode_cpu_s"])
        for folder in arguments.folders:
            for name, image in tqdm([*pictures(folder)], desc=folder.name):
                for encoder, (encode, decode) in codecs(image):
                    start = time.process_time()
                    data = encode()
                    middle = time.process_time()
                    shown = decode(data)
                    end = time.process_time()
                    if shown != image.tobytes():
                        raise ValueError(f"{name}: {encoder} does not hold its pixels")
                    times = [f"{middle - start:.2f}", f"{end - middle:.3f}"]
                    row = [folder.name, name, image.mode, *image.size, encoder, len(data)]
                    table.writerow([*row, *times])
                file.flush()


if __name__ == "__main__":
    main()
