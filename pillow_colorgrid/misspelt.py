"""A warning for keywords of `Image.save` that nearly are ours.

Pillow's plugins ignore keywords that they do not know, and pipelines give those of other formats
to all; so nothing is refused. But whoever writes ``efort=9`` is to hear of it.
"""

import difflib
import warnings
from collections.abc import Collection, Iterable

KNOWN_TO_OTHERS = ("comments", "level")
"""Keywords of other plugins that nearly are ours; whoever gives them means those."""

ALIKE = 0.8
"""Of `difflib`: from here on two names are nearly the same."""


def warn(keywords: Iterable[str], ours: Collection[str], stacklevel: int) -> None:
    """Warn of keywords that are neither ours nor those of another format, but nearly ours."""
    for name in keywords:
        if name in ours or name in KNOWN_TO_OTHERS:
            continue
        near = difflib.get_close_matches(name, ours, 1, ALIKE)
        if near:
            warnings.warn(
                f"{name}= is no option of .cgx files and is ignored; {near[0]}= is one",
                stacklevel=stacklevel + 1,
            )
