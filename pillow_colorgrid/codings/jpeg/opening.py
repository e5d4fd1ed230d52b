"""What `Image.open` shows of a JPEG file that is kept as coefficients or as it is."""

from typing import IO, Any

from pillow_colorgrid import container
from pillow_colorgrid.codings.jpeg import metadata_of_file
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Header


def info(header: Header, fp: IO[bytes]) -> dict[str, Any]:
    """`Image.info` of the file that was saved, where its own headers tell it; else {}.

    Args:
        fp: where the first critical section begins.

    Raises:
        CgxError: the headers are damaged, or cut short.
    """
    head = Head.unpack(container.read_section(fp).payload)
    if not head.tells_metadata:
        return {}
    if head.as_it_is:
        return metadata_of_file.shown_by_pillow(container.read_section(fp).payload)
    return metadata_of_file.info(head.recipe, header.mode, header.size)
