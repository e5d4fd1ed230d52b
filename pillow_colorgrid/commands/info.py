"""``cgx info FILE``: the header, the networks, and where the bytes went.

Sections tell most of it. In the lossless coding luminance and colour share their streams, so such a
file is decoded once to tell them apart.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pillow_colorgrid import container
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.runtime import networks

NAMES = {
    b"NETS": "names of networks",
    b"BTNK": "bottleneck",
    b"INNR": "inner codec",
    b"LORG": "origin",
    b"LCLP": "clipping",
    b"LADP": "adaptation",
    b"ALPH": "alpha",
    b"STOR": "stored picture",
    b"GRID": "hints",
    b"LUMA": "luminance",
    b"PLAN": "planes",
    b"PLTE": "palette",
    b"exif": "EXIF",
    b"iccp": "ICC profile",
    b"xmpd": "XMP",
    b"comm": "comment",
    b"dpis": "dots per inch",
    b"trns": "transparency",
}
"""Section type -> what it holds; others are shown by their type."""

GRID_NAMES = {b"LPRE": "preview luminance", b"LTIL": "luminance"}
"""In the grid coding these hold nothing else."""

OVERHEAD = "header, section heads"

CODER_OVERHEAD = "entropy coder"
"""What the streams of the lossless coding take beyond their ideal code length."""


@dataclass(frozen=True)
class Facts:
    """What a file tells of itself.

    Attributes:
        spent: bytes by what they hold, the most first; their sum is `size_bytes`.
        networks: id, name and hash of each.
    """

    file: str
    width: int
    height: int
    mode: str
    coding: str
    format_version: str
    size_bytes: int
    rate_bpp: float
    networks: list[dict[str, object]]
    spent: dict[str, int]


def facts(path: Path) -> Facts:
    """Read the facts of one file.

    Raises:
        OSError: the file cannot be read, or is damaged.
        SyntaxError: not a .cgx file.
    """
    with path.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
    size_bytes = os.path.getsize(path)
    names = NAMES | GRID_NAMES if header.coding == "grid" else NAMES
    spent: Counter[str] = Counter()
    for section in sections:
        spent[names.get(section.type, section.type.decode())] += len(section.payload)
    spent[OVERHEAD] = size_bytes - sum(spent.values())
    if header.coding == "lossless":
        _tell_planes_apart(spent, sections, header)
    used = [
        {"id": network.id, "name": network.name, "hash": network.hash}
        for section in sections
        if section.type == networks.REFERENCE_SECTION
        for network in networks.read_references(section.payload)
    ]
    width, height = header.size
    return Facts(
        file=str(path),
        width=width,
        height=height,
        mode=header.mode,
        coding=header.coding,
        format_version=f"{container.MAJOR}.{header.minor}",
        size_bytes=size_bytes,
        rate_bpp=8 * size_bytes / (width * height),
        networks=used,
        spent=dict(spent.most_common()),
    )


def _tell_planes_apart(
    spent: Counter[str], sections: Sequence[Section], header: container.Header
) -> None:
    """Replace the streams' bytes by those of luminance and colour, of preview and tiles."""
    from pillow_colorgrid import codec
    from pillow_colorgrid.codings.lossless import account, sections as lossless_sections

    streams = sum(spent.pop(name.decode(), 0) for name in lossless_sections.STREAMS)
    ideal = account.account(sections, header.size, codec.CHANNELS[header.mode])
    for name, size_bytes in ideal.items():
        spent[name] = round(size_bytes)
        streams -= spent[name]
    spent[CODER_OVERHEAD] = streams


def describe(path: Path) -> str:
    """The lines for one file; raises as `facts`."""
    found = facts(path)
    pixels = found.width * found.height
    lines = [
        f"{path}: {found.width}x{found.height} {found.mode}, coding {found.coding}, "
        f"{found.size_bytes:,} bytes, {found.rate_bpp:.3f} bpp"
    ]
    lines += [
        f"  network {network['id']}: {network['name']} ({network['hash']})"
        for network in found.networks
    ]
    for name, size in found.spent.items():
        share = size / found.size_bytes
        lines.append(f"  {name:<22}{size:>12,} bytes {8 * size / pixels:>9.4f} bpp {share:>7.1%}")
    return "\n".join(lines)


def run(paths: Sequence[Path], as_json: bool = False) -> int:
    """Print each file's description; status 1 if one could not be read.

    Args:
        as_json: one JSON object in each line instead of a table.
    """
    status = 0
    for path in paths:
        try:
            print(json.dumps(asdict(facts(path))) if as_json else describe(path))
        except (CgxError, OSError, SyntaxError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
    return status
