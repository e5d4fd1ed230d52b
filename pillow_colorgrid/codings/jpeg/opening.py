"""What `Image.open` shows of a JPEG file that is kept as coefficients or as it is."""

from typing import IO, Any

from pillow_colorgrid import container
from pillow_colorgrid.codings.jpeg import metadata_of_file
from pillow_colorgrid.codings.jpeg.description import WHOLE_FILE
from pillow_colorgrid.codings.jpeg.head import Head
from pillow_colorgrid.container import Header
from pillow_colorgrid.errors import DamagedError


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
        section = container.read_section(fp)
        if section.type != WHOLE_FILE.type:
            raise DamagedError(
                f"section {section.type.decode()} in a JPEG file that is kept as it is"
            )
        return metadata_of_file.shown_by_pillow(section.payload)
    return metadata_of_file.info(head.recipe, header.mode, header.size)
