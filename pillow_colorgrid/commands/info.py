"""``cgx info FILE``: the header, the networks, and where the bytes went.

Sections tell most of it; a coding may know more (`codings.base.Inside`): a lossless file is decoded
once to tell luminance and colour apart.
"""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pillow_colorgrid import container, metadata
from pillow_colorgrid.codings import registry
from pillow_colorgrid.codings.base import Coding
from pillow_colorgrid.commands.pictures import ours
from pillow_colorgrid.commands.places import Local
from pillow_colorgrid.commands.terminal import complain, printable, reason_of, say, say_lines
from pillow_colorgrid.container import Section
from pillow_colorgrid.errors import CgxError
from pillow_colorgrid.frames.directory import ONE_FILE, open_directory
from pillow_colorgrid.frames.index import FRAME, INDEX
from pillow_colorgrid.runtime import networks

OVERHEAD = "header, section heads"

FRAME_NAMES = {INDEX: "list of frames", FRAME: "frames after the first"}
"""Of a file of several frames."""


@dataclass(frozen=True)
class Facts:
    """What a file tells of itself.

    Attributes:
        spent: bytes by what they hold, the most first; their sum is `size_bytes`.
        lossless: whether the coding keeps every pixel.
        told: what the coding tells of the file: n, quality, origin, ...
        frames: how many; what else is told is of the first, but for `spent`, `size_bytes` and
            `rate_bpp`, which is for a pixel of all.
        kinds: how many of them are pictures of their own, patches, repetitions; {} of one frame.
        networks: id, name and hash of each.
    """

    file: str
    width: int
    height: int
    mode: str
    coding: str
    lossless: bool
    told: dict[str, object]
    frames: int
    kinds: dict[str, int]
    format_version: str
    size_bytes: int
    rate_bpp: float
    networks: list[dict[str, object]]
    spent: dict[str, int]


def facts(path: Path, deep: bool = True) -> Facts:
    """Read the facts of one file.

    Args:
        deep: let the coding tell more of where the bytes went than its sections do.

    Raises:
        OSError: the file cannot be read, or is damaged.
        SyntaxError: not a .cgx file.
    """
    with path.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
        file.seek(0)
        directory = open_directory(file)
    coding = registry.of(header)
    size_bytes = os.path.getsize(path)
    starts = {section.type: section.payload[: container.START_BYTES] for section in sections}
    spent = by_section(coding, sections)
    told = coding.facts(starts)
    if coding.details is not None:
        told |= coding.details(sections)
    if directory.index is not None and directory.index.joined:
        told[ONE_FILE] = True
    if deep and coding.look is not None:
        spent = coding.look(header, sections).spent(spent)
    sizes = Counter({name: round(size) for name, size in spent.items()})
    sizes[OVERHEAD] = size_bytes - sum(sizes.values())
    used = [
        {"id": network.id, "name": network.name, "hash": network.hash}
        for section in sections
        if section.type == container.NETWORKS
        for network in networks.read_references(section.payload)
    ]
    width, height = header.size
    return Facts(
        file=str(path),
        width=width,
        height=height,
        mode=header.mode,
        coding=coding.name,
        lossless=not coding.lossy,
        told=told,
        frames=directory.count,
        kinds=directory.index.kinds if directory.index else {},
        format_version=f"{container.MAJOR}.{header.minor}",
        size_bytes=size_bytes,
        rate_bpp=8 * size_bytes / (directory.index.pixels if directory.index else width * height),
        networks=used,
        spent=dict(sizes.most_common()),
    )


def by_section(coding: Coding, sections: Sequence[Section]) -> dict[str, float]:
    """Bytes of payloads by what they hold; others than are known are shown by their type."""
    names = {t: n for known in registry.all_codings() for t, n in known.section_names.items()}
    names |= coding.section_names | metadata.NAMES | FRAME_NAMES
    spent: dict[str, float] = {}
    for section in sections:
        name = names.get(section.type, section.type.decode())
        spent[name] = spent.get(name, 0) + len(section.payload)
    return spent


def coding_of(found: Facts) -> str:
    """The coding and what it tells, in a few words."""
    told = "".join(f", {name} {value}" for name, value in found.told.items())
    return f"coding {found.coding} ({'lossless' if found.lossless else 'lossy'}{told})"


def frames_of(found: Facts) -> str:
    """How many frames, and what they are; "" for one."""
    if found.frames == 1:
        return ""
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items() if count)
    return f", {found.frames} frames ({kinds})"


def describe(path: Path) -> str:
    """The lines for one file; raises as `facts`."""
    found = facts(path)
    lines = [
        f"{printable(str(path))}: {found.width}x{found.height} {found.mode}, {coding_of(found)}, "
        f"{found.size_bytes:,} bytes, {found.rate_bpp:.3f} bpp{frames_of(found)}"
    ]
    lines += [
        f"  network {network['id']}: {network['name']} ({network['hash']})"
        for network in found.networks
    ]
    for name, size in found.spent.items():
        share = size / found.size_bytes
        bpp = share * found.rate_bpp
        lines.append(f"  {name:<22}{size:>12,} bytes {bpp:>9.4f} bpp {share:>7.1%}")
    return "\n".join(lines)


def run(paths: Sequence[Path], as_json: bool = False) -> int:
    """Print each file's description; status 1 if one could not be read, or there is none.

    Of folders, all .cgx files in them.

    Args:
        as_json: one JSON object in each line instead of a table.
    """
    status = count = 0
    for place in ours(map(Local, paths)):
        count, path = count + 1, place.path
        try:
            if as_json:
                say(json.dumps(asdict(facts(path))))
            else:
                say_lines(describe(path))
        except (CgxError, OSError, SyntaxError) as error:
            complain(f"{path}: {reason_of(error, path)}")
            status = 1
    return status if count else 1
