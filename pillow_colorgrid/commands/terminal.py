"""What commands say: nothing of a file's name or content reaches a terminal as a control character.

A name may hold escape sequences that recolour, retitle or answer for the user, line feeds that
forge a message, and bytes that are no text at all. All of these are written out, as ``\\x1b``.
"""

import sys
import warnings
from typing import TextIO

BYTE_SURROGATES = range(0xDC80, 0xDD00)
"""How Python hands out bytes of a name that are no UTF-8."""


def printable(text: str) -> str:
    """`text` with everything that is not visible written out; a space stays one."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if code in BYTE_SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def reason_of(error: BaseException, subject: object = None) -> str:
    """What an error says, without numbers of the system.

    Args:
        subject: what the line is about already; another file that the error names is named.
    """
    if not isinstance(error, OSError) or not error.strerror:
        return str(error) or type(error).__name__
    named = error.filename
    if named is None or str(named) == str(subject):
        return error.strerror
    return f"{error.strerror}: {named}"


def say(text: object) -> None:
    """One line on standard output."""
    _write(text, sys.stdout)


def say_lines(text: str) -> None:
    """Several lines, parted by line feeds that are meant."""
    for line in text.split("\n"):
        say(line)


def complain(text: object) -> None:
    """One line on standard error."""
    _write(text, sys.stderr)


def _write(text: object, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    shown = printable(str(text)).encode(encoding, "backslashreplace").decode(encoding)
    print(shown, file=stream)


def show_warnings_here() -> None:
    """Let Python's warnings (Pillow's of broken files, too) go through `complain`."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        complain(f"warning: {message}")

    warnings.showwarning = show
