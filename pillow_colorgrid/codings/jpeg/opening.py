"""What `Image.open` shows of a JPEG file that is kept as coefficients or as it is."""

from typing import Any

from pillow_colorgrid.codings.jpeg import metadata_of_file
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Header, Section


def info(header: Header, first: Section) -> dict[str, Any]:
    """`Image.info` of the file that was saved, where its own headers tell it; else {}.

    Raises:
        DamagedError: the headers are damaged.
    """
    head = Head.unpack(first.payload)
    if not head.tells_metadata:
        return {}
    return metadata_of_file.info(head.recipe, header.mode, header.size)
