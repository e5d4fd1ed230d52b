"""The cgx command, also ``python -m pillow_colorgrid``: its words, and which module does the work.

Imports stand inside the commands, so that ``cgx --version`` needs neither numpy nor Pillow.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pillow_colorgrid.version import __version__

EXAMPLES = """\
examples:
  cgx demo                            save real photographs, compare sizes and every pixel
  cgx demo holiday/*.png              the same for pictures of your own
  cgx convert holiday -o archive      a whole folder; each file is verified before it appears
  cgx convert archive --to png -o out and back
  cgx info picture.cgx                where the bytes went
  cgx verify archive/*.cgx            checksums only; --deep decodes every pixel
  cgx thumbnail picture.cgx -o t.png  decodes no more than it needs

exit status: 0 all done, 1 a file failed (each is named with its reason), 2 bad usage
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
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_convert(commands)
    _add_info(commands)
    _add_verify(commands)
    _add_thumbnail(commands)
    return top


def _add_demo(commands: Any) -> None:
    demo = commands.add_parser(
        "demo", help="save pictures as .cgx, open them in another process, compare"
    )
    demo.add_argument("pictures", nargs="*", type=Path, help="default: photographs of scikit-image")
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    from pillow_colorgrid import demo

    return demo.run(options.pictures)


def _add_convert(commands: Any) -> None:
    convert = commands.add_parser(
        "convert",
        help="files and whole folders into .cgx, or back",
        description="Each file is written under a temporary name, opened again and compared with "
        "its source in every pixel before it gets its name. A second run skips what is done.",
    )
    convert.add_argument("sources", nargs="+", type=Path, metavar="SRC", help="files or folders")
    convert.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="default: beside the sources"
    )
    convert.add_argument(
        "--to", choices=("cgx", "png", "webp", "tif"), default="cgx", help="default: cgx"
    )
    convert.add_argument("--effort", type=int, help="1 (fastest) to 9 (smallest); .cgx only")
    convert.add_argument("--mode", help="lossless (default) or decolorized; .cgx only")
    convert.add_argument("--jobs", type=int, default=1, metavar="N", help="processes, default 1")
    convert.add_argument("--no-verify", action="store_true", help="do not open targets again")
    convert.add_argument(
        "--delete-originals",
        action="store_true",
        help="remove a source once its target is verified",
    )
    convert.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from pillow_colorgrid import archive, convert

    chosen = {"effort": options.effort, "mode": options.mode}
    given = {name: value for name, value in chosen.items() if value is not None}
    problem = ""
    if options.jobs < 1:
        problem = f"--jobs {options.jobs}, allowed: integers from 1"
    elif given and options.to != "cgx":
        problem = f"--{next(iter(given))} is for --to cgx"
    elif options.delete_originals and options.no_verify:
        problem = "--delete-originals needs verification; leave --no-verify out"
    else:
        from pillow_colorgrid import options as save_options

        try:
            save_options.from_keywords(given)
        except ValueError as error:
            problem = str(error)
    if problem:
        print(f"cgx convert: {problem}", file=sys.stderr)
        return 2
    settings = convert.Settings(
        suffix=f".{options.to}",
        options=tuple(given.items()),
        verify=not options.no_verify,
        delete_originals=options.delete_originals,
    )
    return archive.run(options.sources, options.output, settings, options.jobs)


def _add_info(commands: Any) -> None:
    info = commands.add_parser("info", help="where the bytes of a .cgx file went")
    info.add_argument("files", nargs="+", type=Path)
    info.set_defaults(run=_info)


def _info(options: argparse.Namespace) -> int:
    from pillow_colorgrid import info

    return info.run(options.files)


def _add_verify(commands: Any) -> None:
    verify = commands.add_parser("verify", help="check .cgx files")
    verify.add_argument("files", nargs="+", type=Path)
    verify.add_argument(
        "--deep", action="store_true", help="decode every pixel too (default: checksums only)"
    )
    verify.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from pillow_colorgrid import verify

    return verify.run(options.files, options.deep)


def _add_thumbnail(commands: Any) -> None:
    thumbnail = commands.add_parser(
        "thumbnail", help="a small picture, from a part of the bytes where the coding has levels"
    )
    thumbnail.add_argument("file", type=Path)
    thumbnail.add_argument("-o", "--output", type=Path, required=True)
    thumbnail.add_argument("--size", type=int, default=256, help="longer side, default 256")
    thumbnail.set_defaults(run=_thumbnail)


def _thumbnail(options: argparse.Namespace) -> int:
    from pillow_colorgrid import thumbnail

    return thumbnail.run(options.file, options.output, options.size)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        print("stopped; what was not finished left no file", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
