"""The cgx command: ``cgx demo``, ``cgx info FILE``; also ``python -m pillow_colorgrid``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pillow_colorgrid.version import __version__

EXAMPLES = """\
examples:
  cgx demo                       save real photographs, compare sizes and every pixel
  cgx demo holiday/*.png         the same for pictures of your own
  cgx info picture.cgx           where the bytes went
"""


def parser() -> argparse.ArgumentParser:
    """The command line; each command sets `run`, a function of the parsed options."""
    top = argparse.ArgumentParser(
        prog="cgx",
        description="Pictures in the .cgx format.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"pillow_colorgrid {__version__}")
    commands = top.add_subparsers(dest="command", required=True)

    demo = commands.add_parser(
        "demo", help="save pictures as .cgx, open them in another process, compare"
    )
    demo.add_argument("pictures", nargs="*", type=Path, help="default: photographs of scikit-image")
    demo.set_defaults(run=_demo)

    info = commands.add_parser("info", help="where the bytes of a .cgx file went")
    info.add_argument("files", nargs="+", type=Path)
    info.set_defaults(run=_info)
    return top


# Imports stand inside the commands: `cgx --version` needs neither numpy nor Pillow.


def _demo(options: argparse.Namespace) -> int:
    from pillow_colorgrid import demo

    return demo.run(options.pictures)


def _info(options: argparse.Namespace) -> int:
    from pillow_colorgrid import info

    return info.run(options.files)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status (0 done, 1 a file failed, 2 bad usage)."""
    options = parser().parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
