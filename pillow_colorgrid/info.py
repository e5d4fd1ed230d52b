"""``cgx info FILE``: the header, the networks, and where the bytes went. Nothing is decoded."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pillow_colorgrid import container, networks
from pillow_colorgrid.errors import CgxError

NAMES = {
    b"NETS": "names of networks",
    b"BTNK": "bottleneck",
    b"INNR": "inner codec",
    b"exif": "EXIF",
    b"iccp": "ICC profile",
    b"xmpd": "XMP",
}
"""Section type -> what it holds; others are shown by their type."""


def describe(path: Path) -> str:
    """The lines for one file.

    Raises:
        OSError: the file cannot be read, or is damaged.
        SyntaxError: not a .cgx file.
    """
    with path.open("rb") as file:
        header = container.read_header(file)
        sections = list(container.read_sections(file))
    size_bytes = os.path.getsize(path)
    pixels = header.size[0] * header.size[1]
    spent: Counter[str] = Counter()
    for section in sections:
        name = NAMES.get(section.type, section.type.decode())
        spent[name] += len(section.payload)
    spent["header, section heads"] = size_bytes - sum(spent.values())
    lines = [
        f"{path}: {header.size[0]}x{header.size[1]} {header.mode}, coding {header.coding}, "
        f"{size_bytes:,} bytes, {8 * size_bytes / pixels:.3f} bpp"
    ]
    for section in sections:
        if section.type == networks.REFERENCE_SECTION:
            used = networks.read_references(section.payload)
            lines += [
                f"  network {network.id}: {network.name} ({network.hash})" for network in used
            ]
    for name, size in spent.most_common():
        lines.append(
            f"  {name:<22}{size:>12,} bytes {8 * size / pixels:>9.4f} bpp {size / size_bytes:>7.1%}"
        )
    return "\n".join(lines)


def run(paths: Sequence[Path]) -> int:
    """Print each file's description; status 1 if one could not be read."""
    status = 0
    for path in paths:
        try:
            print(describe(path))
        except (CgxError, OSError, SyntaxError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
    return status
