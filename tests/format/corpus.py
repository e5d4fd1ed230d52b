"""Small files of each coding and of each kind of section, for mutations, forgeries and cuts.

Most are what `save` makes of small pictures; some it makes of none: they are put together here.
"""

import io
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter, ImageSequence

from pillow_colorgrid import container
from pillow_colorgrid.CgxImagePlugin import encode as pillow_encode
from pillow_colorgrid.codings import inner, registry
from pillow_colorgrid.codings.base import Picture
from pillow_colorgrid.codings.jpeg import exceptions
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.codings.lossless import (
    coding as lossless,
)
from pillow_colorgrid.codings.lossless.adaptation import PASSES, Correction
from pillow_colorgrid.codings.lossless.description import (
    COUNTED,
    COUNTS,
    LOSSLESS,
    Options,
)
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes, pack_adaptation
from pillow_colorgrid.codings.lossless.encoder.transparency import OF_LUMINANCE
from pillow_colorgrid.codings.lossless.model import SMALL as TABLES, model
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.codings.stored import parts, rectangles
from pillow_colorgrid.codings.stored.description import STORED
from pillow_colorgrid.codings.tiles import Tile
from pillow_colorgrid.jpeg.exceptions import Exceptions
from pillow_colorgrid.runtime import networks
from tests.conftest import GOLDEN, coded_apart
from tests.format import forging
from tests.frames.mpo import jpeg, mpo

GRID = {"mode": "grid", "effort": 1}

SMALL = (33, 20)


def pictures() -> Iterator[tuple[str, Image.Image, dict[str, object]]]:
    """Small pictures for each coding: (name, picture, keywords of save)."""
    ramp = Image.linear_gradient("L").resize((72, 64))
    noise = np.random.default_rng(1).normal(128, 90, (64, 72)).clip(0, 255).astype(np.uint8)
    cloud = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.5))
    shade = Image.blend(ramp, cloud, 0.8)
    colour = Image.merge("RGB", (cloud, Image.blend(ramp, cloud, 0.6), shade))
    tiny = colour.resize((9, 7))
    small = colour.resize(SMALL)
    flat = Image.new("RGBA", (24, 16), (200, 100, 50, 0))
    flat.paste((1, 2, 3, 255), (3, 3, 9, 9))
    veiled = Image.merge("RGBA", (*small.split(), ramp.resize(SMALL)))
    indexed = colour.resize((24, 16)).quantize(9)
    indexed.info.update(transparency=bytes(range(9)), dpi=(72, 72), comment="text")
    told = tiny.convert("F")
    told.info |= {"Title": "text " * 40, "gamma": 0.45, "list": [1, (2, b"3"), {"k": None}]}
    decolorized = {"mode": "decolorized", "predict": "always"}
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0"
    yield "lossless", colour, {"effort": 1, "origin": "none", "exif": exif}
    yield "lossless_grey", colour.resize((50, 40)).convert("L"), {"effort": 1}
    yield "small", colour, {"effort": 1}
    yield "small_grey", small.convert("L"), {"effort": 1}
    yield "small_tiny", tiny, {"effort": 1}
    for codec in ("zstd", "png", "webp"):
        yield f"decolorized_{codec}", small, {**decolorized, "inner": codec}
    yield "grid", small, {**GRID, "n": 3}
    yield "grid_lossy", veiled, {**GRID, "n": 4, "quality": 40}
    yield "grid_grey", small.convert("L"), {**GRID, "quality": 40}
    yield "near", small, {"mode": "near", "effort": 1, "max_error": 3, "origin": "none"}
    yield "near_grey", small.convert("L"), {"mode": "near", "effort": 1, "origin": "none"}
    yield "stored", flat, {}
    yield "planes_indexed", indexed, {"effort": 1}
    yield "indexed", indexed, {}
    yield "planes_bits", ramp.resize((21, 16)).convert("1"), {"xmp": b"<x/>", "effort": 1}
    yield "bilevel", cloud.convert("1"), {}
    yield "planes_float", told, {"icc_profile": b"icc"}
    deep = Image.fromarray(np.asarray(shade).astype(np.uint16) * 16 + 7)
    yield "deep", deep, {"effort": 1}
    yield "blended", deep, {}
    yield "planes_cmyk", flat.convert("CMYK"), {}
    yield "jpeg", *_jpeg(small, quality=80)
    yield "jpeg_progressive", *_jpeg(small, quality=90, subsampling=0, progressive=True)
    yield "jpeg_grey", *_jpeg(small.convert("L"), quality=60, restart_marker_blocks=2)
    yield "jpeg_cmyk", *_jpeg(tiny.convert("CMYK"), quality=50, comment=b"comment")


def _jpeg(picture: Image.Image, **options: object) -> tuple[Image.Image, dict[str, object]]:
    """A picture as a JPEG file shows it, and the option that names the file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return Image.open(file), {"jpeg": file.getvalue()}


def phone() -> tuple[Image.Image, dict[str, object]]:
    """An MPO file of two pictures, and the option that names it."""
    small = next(p for name, p, _ in pictures() if name == "grid")
    data = mpo([jpeg(small, quality=60), jpeg(small.resize((12, 9)).convert("L"))], [b"gap"])
    return Image.open(io.BytesIO(data)), {"jpeg": data}


def animations() -> Iterator[tuple[str, list[Image.Image]]]:
    """Frames that are patches, moves and repetitions of one another, and of another mode."""
    small = next(p for name, p, _ in pictures() if name == "grid")
    boxes = [small.copy() for _ in range(4)]
    for number, frame in enumerate(boxes):
        frame.paste((255, 60 * number, 0), (2 + 5 * number, 3, 9 + 5 * number, 12))
    moved = Image.new("RGB", SMALL)
    moved.paste(small, (0, -4))
    other = small.resize((20, 11)).convert("L")
    yield "frames", [*boxes, boxes[3], moved, other]
    yield "frames_indexed", [frame.quantize(12) for frame in boxes[:3]]


def assembled() -> Iterator[tuple[str, container.Header, list[container.Section]]]:
    """Files that small pictures do not lead to: sections as FORMAT.md allows them."""
    small = next(p for name, p, _ in pictures() if name == "grid")
    header = container.Header(STORED.number, "RGB", SMALL, bytes(8))
    places = parts.split(Tile(0, 0, *SMALL[::-1]))
    cut = (np.asarray(small)[tile.place] for tile in places)
    files = (inner.save(part, "WEBP", lossless=True) for part in cut)
    pieces = parts.pack([b"\2" + file for file in files])
    yield "stored_parts", header, [container.Section(b"STOR", pieces)]
    yield (
        "stored_rectangles",
        replace(header, minor=1),
        [
            container.Section(
                b"STOR", b"\2" + inner.save(np.asarray(small), "WEBP", lossless=True)
            ),
            *(_rectangle(small, box) for box in ((2, 3, 18, 12), (20, 0, 33, 20))),
        ],
    )
    yield "stored_gradients", *forging.read((GOLDEN / "1.1-stored-gradients.cgx").read_bytes())
    grid = next(pillow_encode(p, **k) for name, p, k in pictures() if name == "grid_lossy")
    header, sections = forging.read(grid)
    for number, codec in ((2, "WEBP"), (3, "JPEG")):
        grey = bytes([number]) + inner.save(np.asarray(small.convert("L"))[..., None], codec)
        yield (
            f"grid_{codec.lower()}",
            header,
            [container.Section(s.type, grey if s.type == b"LUMA" else s.payload) for s in sections],
        )
    yield from _lossless(small)
    shown, options = _jpeg(small, quality=70)
    header, sections = forging.read(pillow_encode(shown, **options))
    where = Exceptions(np.array([0, 7, 659]), np.array([[1, 2, 3]] * 3, np.int16))
    jpeg_exceptions = container.Section(b"JEXC", exceptions.pack(where))
    yield "jpeg_exceptions", header, [*sections, jpeg_exceptions]
    head = Head(restorable=True, tells_metadata=True, as_it_is=True).pack()
    whole = container.Section(b"JFIL", bytes(options["jpeg"]))
    yield "jpeg_file", header, [container.Section(b"JPEG", head), whole]


def _rectangle(picture: Image.Image, box: tuple[int, int, int, int]) -> container.Section:
    """A part of a picture, coded by itself."""
    part = Picture(np.asarray(picture.crop(box)), "RGB")
    tile = Tile(box[1], box[0], *part.pixels.shape[:2])
    sections = lossless.encode(part, Options(effort=1)).sections
    return rectangles.pack(rectangles.Rectangle(tile, LOSSLESS, tuple(sections)))


def _lossless(
    small: Image.Image,
) -> Iterator[tuple[str, container.Header, list[container.Section]]]:
    """Alpha, origin, clipping, channels, and an adaptation that no regression would find."""
    veiled = np.dstack([np.asarray(small), np.asarray(small.convert("L"))])
    coded = lossless.encode(Picture(veiled, "RGBA"), Options(effort=1, origin="none"), apart=True)
    head = container.Header(LOSSLESS.number, "RGBA", SMALL, bytes(8), 1)
    yield "lossless_alpha", head, coded.sections
    for name in (
        "1.0-lossless-origin-jpeg",
        "1.0-lossless-clipping",
        "1.1-lossless-channels",
        "1.1-lossless-alpha-first",
    ):
        golden = (GOLDEN / f"{name}.cgx").read_bytes()
        yield f"lossless_{name.split('-', 2)[2]}", *forging.read(golden)
    by = model(TABLES)
    rng = np.random.default_rng(1)
    adaptation = {
        name: Correction(
            rng.integers(-9, 10, (len(one.corrected), by.features[name] + one.inputs + 1), np.int8),
            np.full(len(one.corrected), 6, np.uint8),
        )
        for name, one in PASSES.items()
    }
    planes = lossless.split(np.asarray(small))
    streams = encode_planes(planes, Predictor(replace(by, adaptation=adaptation)))
    named = networks.pack_references([TABLES])
    sections = [named, *pack_adaptation(adaptation), *streams.sections()]
    yield "lossless_adapted", replace(head, mode="RGB"), sections
    one_one = replace(head, mode="RGB", minor=1)
    for byte, counted in COUNTED.items():
        streams = encode_planes(planes, Predictor(replace(by, counts=counted)))
        told = COUNTS.section(bytes([byte]))
        yield f"lossless_counts_{byte}", one_one, [named, told, *streams.sections()]
    of_grey = {name: one for name, one in adaptation.items() if name.startswith("luminance")}
    grey = [np.asarray(small.convert("L"))[None].astype(np.int16)]
    adapted = Predictor(replace(by, adaptation=of_grey))
    alpha = [*pack_adaptation(of_grey), *encode_planes(grey, adapted).sections()]
    *before, tile = [
        OF_LUMINANCE[s.type].section(s.payload) for s in alpha if s.type in OF_LUMINANCE
    ]
    colour = [*encode_planes(planes, Predictor(by)).sections()]
    at = next(n for n, one in enumerate(colour) if one.type == b"LTIL")
    lanes, *colour = colour
    sections = [named, lanes, *before, *colour[: at - 1], tile, *colour[at - 1 :]]
    yield "lossless_alpha_adapted", replace(head, minor=1), sections


def corpus() -> dict[str, tuple[bytes, bytes]]:
    """Name -> file, and the pixels that it holds: of a lossy one, those that it decodes to."""
    files = {}
    for name, picture, keywords in pictures():
        with coded_apart() if name.startswith("lossless") else nullcontext():
            data = pillow_encode(picture, **keywords)
        lossy = keywords.get("mode") in ("grid", "near")
        held = Image.open(io.BytesIO(data)) if lossy else picture
        files[name] = data, held.tobytes()
    for name, frames in animations():
        file = io.BytesIO()
        frames[0].save(file, "CGX", save_all=True, append_images=frames[1:], effort=1, duration=40)
        files[name] = file.getvalue(), b"".join(frame.tobytes() for frame in frames)
    image, keywords = phone()
    joined = pillow_encode(image, save_all=True, **keywords)
    shown = b"".join(frame.tobytes() for frame in ImageSequence.Iterator(image))
    files["frames_joined"] = joined, shown
    for name, header, sections in assembled():
        unstated = replace(header, checksum=container.UNSTATED)
        found = registry.of(header).work().decode(unstated, sections)
        stated = replace(header, checksum=container.pixel_checksum(found.tobytes()))
        files[name] = container.pack(stated, sections), found.tobytes()
    return files
