"""Where pictures are: a file of this machine, or what fsspec finds by a URL (s3://, ...).

`Local` and `Remote` have the same methods. Both write under a hidden temporary name, read what was
written, and only then give it its name, if nobody else has it: no half file is ever seen, and none
takes the place of another.
"""

import os
from pathlib import Path

from pillow_colorgrid.commands.local import TEMPORARY, ChangedError, Check, Local, locked
from pillow_colorgrid.commands.remote import MissingExtraError, Remote, extra

__all__ = [
    "TEMPORARY",
    "ChangedError",
    "Check",
    "Local",
    "MissingExtraError",
    "Place",
    "Remote",
    "at",
    "extra",
    "locked",
]

Place = Local | Remote


def at(text: str | os.PathLike[str]) -> Place:
    """The place that a user names, by a path or a URL."""
    text = os.fspath(text)
    protocol, found, rest = text.partition("://")
    if not found:
        return Local(Path(text))
    return Local(Path(rest)) if protocol in ("file", "local") else Remote(text)
