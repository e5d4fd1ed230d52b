"""Forged files, all checksums right, each refused for its own reason: against FORMAT.md.

A line is a file of the corpus, what is done to it, and what the error must say. Each of them was
read without complaint by a release, or could be.
"""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import zstandard
from PIL import Image

from pillow_colorgrid import container
from pillow_colorgrid.codings.crayon.description import CRAYON
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.codings.lossless.encoder.encoding import encode_planes
from pillow_colorgrid.codings.lossless.model import SMALL, model
from pillow_colorgrid.codings.lossless.predict import Predictor
from pillow_colorgrid.container import Header, Section
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.runtime import networks
from tests.format import forging
from tests.format.corpus import corpus

File = tuple[Header, list[Section]]
Change = Callable[[Header, list[Section]], File]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {name: data for name, (data, _) in corpus().items()}


# -- what is done to a file -----------------------------------------------------------------------


def _at(sections: list[Section], name: str) -> int:
    return [section.type for section in sections].index(name.encode())


def header(**fields: object) -> Change:
    """Other fields in the header."""
    return lambda head, sections: (replace(head, **fields), sections)


def dropped(name: str) -> Change:
    return lambda head, sections: (head, [s for s in sections if s.type != name.encode()])


def doubled(name: str) -> Change:
    def change(head: Header, sections: list[Section]) -> File:
        at = _at(sections, name)
        return head, [*sections[: at + 1], *sections[at:]]

    return change


def last(name: str) -> Change:
    """The section at the end of the file."""

    def change(head: Header, sections: list[Section]) -> File:
        at = _at(sections, name)
        return head, [*sections[:at], *sections[at + 1 :], sections[at]]

    return change


def swapped(one: str, other: str) -> Change:
    def change(head: Header, sections: list[Section]) -> File:
        i, j = _at(sections, one), _at(sections, other)
        found = list(sections)
        found[i], found[j] = found[j], found[i]
        return head, found

    return change


def added(name: str, payload: bytes = b"", before: str | None = None) -> Change:
    """A section more: at the end, or before another one."""

    def change(head: Header, sections: list[Section]) -> File:
        at = len(sections) if before is None else _at(sections, before)
        return head, [*sections[:at], Section(name.encode(), payload), *sections[at:]]

    return change


def payload(name: str, change: Callable[[bytes], bytes]) -> Change:
    """Another payload of the first section of a type."""

    def changed(head: Header, sections: list[Section]) -> File:
        at = _at(sections, name)
        new = Section(sections[at].type, change(sections[at].payload))
        return head, [*sections[:at], new, *sections[at + 1 :]]

    return changed


def named(*numbers: int) -> Change:
    """Other networks."""
    return payload("NETS", lambda _: networks.pack_references(numbers).payload)


def byte(name: str, at: int, value: int) -> Change:
    """Another byte in the payload of a section."""
    return payload(name, lambda data: data[:at] + bytes([value]) + data[at + 1 :])


def frame(name: str, at: int, content: Callable[[bytes], bytes], stated: bool = True) -> Change:
    """Another content of the zstd frame that begins at a place of a payload."""

    def repacked(data: bytes) -> bytes:
        old = zstandard.ZstdDecompressor().decompress(data[at:], max_output_size=1 << 24)
        packer = zstandard.ZstdCompressor(write_content_size=stated)
        return data[:at] + packer.compress(content(old))

    return payload(name, repacked)


def bomb(old: bytes) -> bytes:
    return bytes(1 << 26)


def png(old: bytes) -> bytes:
    """An inner PNG of the corpus's size with an empty iCCP chunk behind its pixels."""
    file = io.BytesIO()
    Image.new("RGB", (33, 20)).save(file, "PNG")
    data = file.getvalue()
    chunk = struct.pack(">I4sI", 0, b"iCCP", zlib.crc32(b"iCCP"))
    return old[:5] + data[:-12] + chunk + data[-12:]


def scans(old: bytes) -> bytes:
    return old[:-2] + b"\xff\xda\0\0" * 300 + old[-2:]


EMPTY_FRAME = zstandard.compress(b"")
PARTLESS = b"\4\1\0\0\0"

# -- the list -------------------------------------------------------------------------------------

FORGED: list[tuple[str, str, Change, str]] = [
    # the header
    ("a coding of a later version", "jpeg", header(minor=0), "1.0 does not have the coding jpeg"),
    ("an unknown coding", "stored", header(coding=99), "coding 99 is unknown.*reads 1"),
    ("a mode that the coding has not", "lossless", header(mode="I"), "does not take mode I"),
    ("another mode of the coding", "lossless", header(mode="L"), "CPRE where"),
    ("alpha that is not there", "lossless", header(mode="RGBA"), "ALPH belongs at its end"),
    ("checksum left out", "lossless", header(checksum=bytes(8)), "do not have the checksum"),
    ("checksum left out of a stored file", "stored", header(checksum=bytes(8)), "the checksum"),
    ("another size", "planes_float", header(size=(9, 8)), "zstd data of 252 bytes, needs 288"),
    ("another size", "decolorized_png", header(size=(34, 20)), "needs RGB .34, 20"),
    ("more tiles than there are", "lossless", header(size=(1100, 64)), "1 tiles, 1100x64 pixels"),
    # sections of other codings, too many, too few, in another order
    ("junk STOR", "lossless", added("STOR", b"\3"), "STOR where LTIL or the end"),
    ("junk GRID", "lossless", added("GRID", b"", "LPRE"), "GRID where LPRE or LTIL or the end"),
    ("junk PLAN", "lossless", added("PLAN", b"", "CPRE"), "PLAN where"),
    ("junk LTIL", "stored", added("LTIL"), "LTIL where RECT or the end belongs"),
    ("junk NETS", "stored", added("NETS"), "NETS where RECT or the end belongs"),
    ("junk ALPH", "planes_bits", added("ALPH", b"\0"), "ALPH where"),
    ("alpha of RGB", "lossless", added("ALPH", b"\0"), "ALPH where"),
    ("alpha of RGB", "stored_parts", added("ALPH", b"\0"), "ALPH where RECT or the end"),
    ("colour of a grey picture", "lossless_grey", added("CPRE", b"", "LPRE"), "CPRE where"),
    ("clipping of a grey picture", "lossless_grey", added("LCLP", bytes(6), "LPRE"), "LCLP where"),
    ("an unknown critical section", "stored", added("ZZZZ"), "ZZZZ is unknown.*version 1.1"),
    ("a palette in a photograph's tail", "lossless", added("PLTE"), "PLTE where"),
    ("a section of the jpeg coding", "planes_cmyk", added("JFIL"), "JFIL where"),
    ("a kept file beside coefficients", "jpeg", added("JFIL"), "JFIL in a .*kept as coefficients"),
    (
        "coefficients beside a kept file",
        "jpeg_file",
        added("NETS", networks.pack_references([100]).payload, "JFIL"),
        "NETS in a .*kept as it is",
    ),
    ("two kept files", "jpeg_file", doubled("JFIL"), "JFIL where the end belongs"),
    ("NETS twice", "lossless", doubled("NETS"), "NETS where"),
    ("NETS twice", "grid", doubled("NETS"), "NETS where GFIN or GRID belongs"),
    ("NETS twice", "jpeg", doubled("NETS"), "NETS where"),
    ("NETS last", "lossless", last("NETS"), "where NETS belongs"),
    ("NETS last", "decolorized_zstd", last("NETS"), "NETS where"),
    ("no NETS", "grid", dropped("NETS"), "GFIN where NETS belongs"),
    ("no NETS", "jpeg", dropped("NETS"), "0 sections NETS, allowed 1"),
    ("no NETS beside a bottleneck", "decolorized_png", dropped("NETS"), "bottleneck without"),
    ("NETS without a bottleneck", "decolorized_png", dropped("BTNK"), "NETS without a bottleneck"),
    ("colour behind luminance", "lossless", swapped("CPRE", "LPRE"), "CPRE where LTIL"),
    ("luminance of a tile twice", "lossless", doubled("LTIL"), "LTIL where CTIL belongs"),
    ("a tile without colour", "lossless", dropped("CTIL"), "LTIL without CTIL"),
    (
        "a tile too many without colour",
        "lossless",
        lambda h, s: (h, [*s, s[_at(s, "LTIL")]]),
        "LTIL without CTIL",
    ),
    ("a tile too many", "lossless_grey", doubled("LTIL"), "2 tiles, 50x40 pixels have 1"),
    ("no tile", "lossless_grey", dropped("LTIL"), "0 tiles, 50x40 pixels have 1"),
    ("no preview", "lossless_grey", dropped("LPRE"), "LTIL where LPRE belongs"),
    ("no stream", "small", dropped("LONE"), "no LPRE"),
    ("both kinds of streams", "small", added("LPRE", b""), "LPRE beside LONE"),
    ("a small file of an older version", "small", header(minor=0), "format version 1.0 does not"),
    ("counts of a grey picture", "lossless_grey", added("LCNT", b"\1", "LPRE"), "LCNT where"),
    ("counts of a small picture", "small", added("LCNT", b"\1", "LONE"), "LCNT beside LONE"),
    ("other counts", "lossless_counts_3", payload("LCNT", lambda _: b"\4"), "counts of 04"),
    ("lanes in 1.0", "lossless", header(minor=0), "1.0 does not have all sections"),
    ("other lanes", "lossless", payload("LLAN", lambda _: b"\7"), "lanes of 07"),
    ("lanes of a small picture", "small", added("LLAN", b"\5", "LONE"), "LLAN beside LONE"),
    ("no lanes beside counts", "lossless_counts_3", dropped("LLAN"), "LCNT without LLAN"),
    ("no lanes beside alpha", "lossless_alpha_adapted", dropped("LLAN"), "APRE without LLAN"),
    ("clipping of a small grey picture", "small_grey", added("LCLP", bytes(6), "LONE"), "LCLP"),
    ("a small picture too large", "small_grey", header(size=(1025, 1024)), "1025x1024 pixels"),
    ("a small picture larger than its stream", "small_grey", header(size=(34, 20)), "stream"),
    ("a small picture smaller than its stream", "small_grey", header(size=(32, 20)), "left before"),
    ("a strip too many", "planes_float", doubled("PLAN"), "2 strips, allowed 1"),
    ("no strip", "planes_float", dropped("PLAN"), "0 of 1 strips"),
    ("a strip too many", "jpeg", doubled("JSTR"), "2 strips, needs 1"),
    ("no strip", "jpeg", dropped("JSTR"), "0 strips, needs 1"),
    ("a second stream that never begins", "jpeg", byte("JSTR", 0, 200), "begins with group 200"),
    (
        "a second stream too early",
        "jpeg",
        byte("JSTR", 0, 0),
        "strip 0 of a JPEG picture is damaged",
    ),
    ("both kinds of luminance", "grid", added("LUMA", b"\2"), "LUMA and LLAN in one file"),
    ("no luminance", "grid_lossy", dropped("LUMA"), "LPRE"),
    (
        "origin and clipping",
        "lossless",
        lambda h, s: added("LORG", b"\1", "LLAN")(*added("LCLP", b"\xff" * 6, "LLAN")(h, s)),
        "LORG where LCNT or LADP or LLAN or LONE or CPRE or LPRE",
    ),
    # networks
    ("Crayon in place of tables", "lossless", named(64), "64 is for the role crayon"),
    ("a network in place of tables", "lossless", named(16), "16 is for the role lossless"),
    ("tables in place of the A-decoder", "decolorized_png", named(60), "60 is for the role tables"),
    ("the A-encoder", "decolorized_png", named(2), "2 is for the role a_encoder"),
    ("two tables", "grid", named(60, 60), "60 is for the role tables, needed here: crayon"),
    ("Crayon first", "grid", named(64, 60), "64 is for the role crayon, needed here: tables"),
    ("Crayon of a grey picture", "grid_grey", named(60, 64), "2 networks named, allowed: tables"),
    ("a network in place of a set", "jpeg", named(101), "101 is for the role jpeg, needed"),
    ("no network", "lossless", payload("NETS", lambda _: b""), "NETS has 0 bytes"),
    ("an unknown network", "lossless", byte("NETS", 1, 200), "this file needs network"),
    ("another hash", "lossless", byte("NETS", 9, 1), "this file needs network"),
    # tiles and strips by number
    ("a bottleneck of tile 1", "decolorized_zstd", byte("BTNK", 0, 1), "BTNK is not of tile 0"),
    ("an inner picture of tile 1", "decolorized_zstd", byte("INNR", 0, 1), "INNR is not of tile"),
    ("strip 1 first", "planes_float", byte("PLAN", 0, 1), "strip 0 has the number 01000000"),
    # zstd: more than there may be, sizes not stated, bytes behind
    (
        "a bomb for an adaptation",
        "lossless",
        added("LADP", zstandard.compress(bytes(1 << 26)), "LLAN"),
        "adaptation of 67108864 bytes",
    ),
    (
        "a bomb for exceptions",
        "lossless",
        added("LORG", b"\1" + zstandard.compress(bytes(1 << 26)), "LLAN"),
        "of 67108864 bytes",
    ),
    ("a bomb for planes", "planes_float", frame("PLAN", 5, bomb), "of 67108864 bytes"),
    ("a bomb for an inner picture", "decolorized_zstd", frame("INNR", 8, bomb), "of 67108864"),
    ("a bomb for exceptions of JPEG", "jpeg_exceptions", frame("JEXC", 0, bomb), "of 67108864"),
    ("a size that is not stated", "planes_float", frame("PLAN", 5, bytes, False), "not stated"),
    ("a size that is not stated", "decolorized_zstd", frame("INNR", 8, bytes, False), "not stated"),
    ("too few bytes", "planes_float", frame("PLAN", 5, lambda old: old[1:]), "needs 252"),
    ("nothing in a frame", "decolorized_zstd", frame("INNR", 8, lambda _: b""), "needs 1980"),
    (
        "a byte behind a frame",
        "planes_float",
        payload("PLAN", lambda d: d + b"\0"),
        "of unused data",
    ),
    (
        "a frame behind a frame",
        "decolorized_zstd",
        payload("INNR", lambda d: d + EMPTY_FRAME),
        "of unused data",
    ),
    (
        "a byte behind exceptions",
        "jpeg_exceptions",
        payload("JEXC", lambda d: d + b"\0"),
        "damaged",
    ),
    ("no frame", "planes_float", payload("PLAN", lambda d: d[:5] + b"raw"), "damaged"),
    # bits and bytes of a coding
    (
        "bits behind the last pixel",
        "planes_bits",
        frame("PLAN", 5, lambda d: d[:2] + bytes([d[2] | 1]) + d[3:]),
        "bits behind the last pixel of a row are set",
    ),
    (
        "bits behind the last index",
        "decolorized_png",
        payload("BTNK", lambda d: d[:-1] + bytes([d[-1] | 1])),
        "bits behind the last bottleneck index are set",
    ),
    ("levels", "decolorized_png", byte("BTNK", 4, 7), "7 bottleneck levels, allowed 8 to 256"),
    ("a kind of bottleneck", "decolorized_png", byte("BTNK", 6, 2), "kept as 2, allowed 0 and 1"),
    ("an inner codec", "decolorized_png", byte("INNR", 4, 9), "inner codec 09, allowed"),
    ("a filter", "decolorized_zstd", byte("INNR", 5, 4), "plane filters"),
    ("a stored piece", "stored", byte("STOR", 0, 0), "inner codec 00, allowed"),
    (
        "parts left over",
        "stored_parts",
        payload("STOR", lambda d: d + b"\0"),
        "behind the last part",
    ),
    ("parts cut short", "stored_parts", payload("STOR", lambda _: PARTLESS), "part of 1 bytes"),
    ("a preparation", "planes_float", byte("PLAN", 4, 16), "preparation 0x10 of channel 0"),
    ("a channel before the first", "planes_cmyk", byte("PLAN", 4, 4), "preparation 0x4"),
    ("bits of wide samples", "planes_float", byte("PLAN", 4, 8), "preparation 0x8"),
    ("an origin", "lossless", added("LORG", b"\3", "LLAN"), r"origin 3, allowed \[1, 2\]"),
    (
        "a short clipping",
        "lossless",
        added("LCLP", bytes(5), "LLAN"),
        "clipping 0000000000, allowed 6 bytes",
    ),
    ("a class of clipping", "lossless", added("LCLP", b"\x30" + bytes(5), "LLAN"), "48"),
    (
        "a stream of escapes",
        "lossless_grey",
        payload("LTIL", lambda d: struct.pack("<I", 2**31) + d[4:]),
        "with 2147483648 escapes",
    ),
    (
        "an escape",
        "lossless_grey",
        payload("LTIL", lambda d: struct.pack("<IH", 1, 1024) + d[4:]),
        "escape 1024, allowed below",
    ),
    (
        "an escape left over",
        "lossless_grey",
        payload("LTIL", lambda d: struct.pack("<IH", 1, 512) + d[4:]),
        "1 escapes left",
    ),
    ("words left over", "lossless_grey", payload("LTIL", lambda d: d + b"\0\0"), "words"),
    ("words left over of all", "small", payload("LONE", lambda d: d + b"\0\0"), "words left"),
    ("half a word", "small", payload("LONE", lambda d: d + b"\0"), "even numbers"),
    ("a head alone", "small", payload("LONE", lambda d: d[:3]), "stream of 3 bytes"),
    ("too many lanes", "small_tiny", byte("LONE", 0, 255), "for 256 lanes"),
    (
        "a tail among the seeds",
        "small",
        payload("LONE", lambda d: d[:1] + bytes(3) + d[4:]),
        "early",
    ),
    ("a tail too early", "small", byte("LONE", 2, 1), "at its tail"),
    ("a tail too late", "small", byte("LONE", 3, 1), "stream"),
    ("an interval", "grid", byte("GRID", 0, 1), "interval 1, allowed 2 to 128"),
    ("a kind of hint", "grid", byte("GRID", 1, 2), "kind"),
    ("a step", "grid", byte("GRID", 2, 9), "step 9, allowed 2 to 8"),
    ("a gain", "grid", byte("GRID", 4, 9), "gain 9, allowed 0 to 8"),
    ("wider hints", "grid", byte("GFIN", 0, 3), "wider 3, allowed 0 to 2"),
    ("no finer hints", "grid", dropped("GFIN"), "colour grid: "),
    ("hints too long", "grid", byte("GRID", 8, 200), "hints end at byte"),
    (
        "hints of a grey picture",
        "grid_grey",
        payload("GRID", lambda d: d + b"\0"),
        "without colour",
    ),
    ("a codec of luminance", "grid_jpeg", byte("LUMA", 0, 5), "luminance's codec 05, allowed"),
    ("flags of a JPEG", "jpeg", byte("JPEG", 0, 32), "flags 0x20"),
    ("a geometry", "jpeg", byte("JPEG", 3, 0x7F), "geometry of a JPEG picture is damaged"),
    ("strips of no rows", "jpeg", byte("JPEG", 1, 0), "strips of 0 rows, allowed: 1 or more"),
    (
        "an exception too far",
        "jpeg_exceptions",
        frame("JEXC", 0, lambda d: d[:12] + b"\xff" * 4 + d[16:]),
        "an exception at pixel",
    ),
    # inner files
    (
        "an inner PNG with an empty iCCP",
        "decolorized_png",
        payload("INNR", png),
        "inner PNG damaged: index out of range",
    ),
    (
        "an inner picture that is none",
        "decolorized_webp",
        payload("INNR", lambda d: d[:20]),
        "inner WEBP damaged: no WEBP that",
    ),
    ("hundreds of scans of luminance", "grid_jpeg", payload("LUMA", scans), "MAX_JPEG_SCANS"),
    ("hundreds of scans of a kept file", "jpeg_file", payload("JFIL", scans), "MAX_JPEG_SCANS"),
    ("a kept file of another size", "jpeg_file", header(size=(33, 21)), "needs RGB .33, 21"),
    ("a kept file that is none", "jpeg_file", payload("JFIL", lambda _: b"no JPEG"), "JPEG"),
    # several frames
    ("an index of frames of a still", "stored", added("ANIM", b"", "STOR"), "index of frames"),
    ("frames in an older version", "frames", header(minor=0), "1.0 does not have several frames"),
    ("a frame of a still", "stored", added("FRAM"), "FRAM"),
    ("flags of an index", "frames", byte("ANIM", 0, 4), "flags 0x4, allowed 0x3"),
    ("patches as parts of a file", "frames", byte("ANIM", 0, 2), "made of another frame"),
    ("bytes behind an index", "frames", payload("ANIM", lambda d: d + b"\0"), "behind its end"),
    ("a frame too short", "frames", payload("FRAM", lambda d: d[:-1]), "where frame 1 of"),
    ("no frame", "frames", dropped("FRAM"), "truncated .no frame 1"),
    # metadata
    ("a palette of a photograph", "lossless", added("PLTE", bytes(4), "NETS"), "PLTE in mode RGB"),
    ("a palette of a kind", "planes_indexed", byte("PLTE", 0, 3), "palette of kind 03"),
    ("a palette too short", "planes_indexed", payload("PLTE", lambda d: d[:-1]), "palette of"),
    ("a kind of comment", "planes_indexed", byte("comm", 0, 2), "comment"),
    ("a kind of transparency", "planes_indexed", byte("trns", 0, 3), "section trns"),
    ("a short resolution", "planes_indexed", payload("dpis", lambda d: d[:-1]), "dpis"),
]


def show(data: bytes) -> None:
    """Load all frames."""
    with Image.open(io.BytesIO(data)) as picture:
        for number in range(picture.n_frames):
            picture.seek(number)
            picture.load()


@pytest.mark.parametrize("value", [-1, 256, 300])
def test_luminance_of_a_grid_file_is_a_byte(value: int) -> None:
    """Its checksum may be unstated, so nothing else would tell."""
    plane = np.full((1, 20, 33), value, np.int16)
    streams = encode_planes([plane], Predictor(model(SMALL)))
    grid = Section(b"GRID", bytes([4, 0, 2, 0, 0]))
    head = Header(CRAYON.number, "L", (33, 20), container.UNSTATED, 1)
    sections = [networks.pack_references([SMALL]), grid, *streams.sections()]
    with pytest.raises(CgxError, match=f"luminance from {value} to {value}, allowed 0 to 255"):
        show(container.pack(head, sections))


def test_a_recipe_has_no_more_bytes_than_it_may() -> None:
    recipe = zstandard.compress(bytes((64 << 20) + 1))
    with pytest.raises(CgxError, match="recipe of 67108865 bytes"):
        Head.unpack(bytes([1 | 8, 1, 0]) + recipe)
    assert Head.unpack(Head(True, False, recipe=bytes(1 << 20)).pack()).recipe == bytes(1 << 20)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [line[1:] for line in FORGED],
    ids=[f"{line[1]}: {line[0]}" for line in FORGED],
)
def test_it_is_refused_and_says_why(
    files: dict[str, bytes], name: str, change: Change, message: str
) -> None:
    forged = container.pack(*change(*forging.read(files[name])))
    with pytest.raises(CgxError, match=message):
        show(forged)
