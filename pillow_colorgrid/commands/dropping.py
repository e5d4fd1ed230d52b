"""``cgx convert --no-exif``, ...: metadata that is not to be in the target."""

from collections.abc import Collection, Sequence

from PIL import Image

from pillow_colorgrid.dropping import others_without
from pillow_colorgrid.metadata import KINDS, OTHERS, OWN_FACTS


def drop(image: Image.Image, kinds: Sequence[str], needed: Collection[str] = ()) -> None:
    """Take kinds of metadata out of `image.info`, of several frames of the current one.

    Args:
        needed: keys that stay, though they are metadata.
    """
    for kind in kinds:
        image.info.pop(kind, None)
    if OTHERS in kinds:
        allowed = {*KINDS, OWN_FACTS, *needed}
        for key in [key for key in image.info if key not in allowed]:
            del image.info[key]
    elif kinds:
        kept = others_without(image.info, kinds)
        # In place: Pillow's readers of several frames hold on to the dictionary.
        for key in [key for key in image.info if key not in kept]:
            del image.info[key]
        image.info |= kept
