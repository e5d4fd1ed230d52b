"""The cgx command, also ``python -m pillow_colorgrid``: its words, and which module does the work.

Imports stand inside the commands, so that ``cgx --version`` needs neither numpy nor onnxruntime.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pillow_colorgrid.commands.terminal import complain, printable, show_warnings_here
from pillow_colorgrid.version import __version__

EXAMPLES = """\
examples:
  cgx demo                            save real photographs, compare sizes and every pixel
  cgx convert holiday -o archive      a whole folder; each file is verified before it appears
  cgx convert archive --to png -o out and back
  cgx trim picture.cgx -o small.cgx   keep the luminance, let a network paint the colour
  cgx info picture.cgx                where the bytes went
  cgx verify archive                  checksums only; --deep decodes every pixel
  cgx inspect picture.cgx -o r.html   look at prediction, residual and bits per pixel
  cgx COMMAND --help                  more of each

exit status: 0 all done, 1 a file failed (each is named with its reason), 2 bad usage or a library
that is not installed, 130 stopped by Ctrl-C (nothing half-written stays). cgx diff: 0 equal,
1 different, 2 cannot be compared.
"""

HELP_COLUMNS = 88
"""The same everywhere, because docs/cli.md is made of it."""


class Parser(argparse.ArgumentParser):
    """argparse's, which would quote what it does not understand as it is, below all options."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)} (see {self.prog} --help)\n")


Run = Callable[[argparse.Namespace], int]


def parser() -> argparse.ArgumentParser:
    """The command line; each command sets `run`, a function of the parsed options."""
    top = Parser(
        prog="cgx",
        description="Pictures in the .cgx format.",
        epilog=EXAMPLES,
        formatter_class=_layout,
    )
    top.add_argument("--version", action="version", version=f"pillow_colorgrid {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_demo,
        _add_convert,
        _add_trim,
        _add_info,
        _add_verify,
        _add_show,
        _add_thumbnail,
        _add_diff,
        _add_inspect,
        _add_install_desktop,
        _add_uninstall_desktop,
        _add_completion,
    ):
        add(commands)
    return top


def _layout(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=HELP_COLUMNS)


def _command(
    commands: Any, name: str, run: Run, help: str, description: str = "", examples: str = ""
) -> argparse.ArgumentParser:
    """A command with its help texts; `run` takes the parsed options and returns the exit status."""
    added: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=description or f"{help[0].upper()}{help[1:]}.",
        epilog=f"examples:\n{examples}" if examples else None,
        formatter_class=_layout,
    )
    added.set_defaults(run=run)
    return added


def _usage_error(options: argparse.Namespace, problem: str) -> int:
    complain(f"cgx {options.command}: {problem}")
    return 2


# -- demo ---------------------------------------------------------------------------------------


def _add_demo(commands: Any) -> None:
    demo = _command(
        commands,
        "demo",
        _demo,
        "save pictures as .cgx, open them in another process, compare",
        examples="""\
  cgx demo                 photographs that come with scikit-image
  cgx demo holiday/*.png   the same for pictures of your own
""",
    )
    demo.add_argument("pictures", nargs="*", type=Path, help="default: photographs of scikit-image")


def _demo(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import demo

    return demo.run(options.pictures)


# -- convert ------------------------------------------------------------------------------------


def _add_convert(commands: Any) -> None:
    from pillow_colorgrid.commands import convert_flags
    from pillow_colorgrid.commands.targets import OTHER_SPELLINGS, TARGETS

    convert = _command(
        commands,
        "convert",
        _convert,
        "files and whole folders into .cgx, or back",
        """\
Each file is written under a temporary name, read and decoded again and compared with its
source in every pixel before it gets its name. Times and all metadata are kept; what a target
cannot hold is named. A JPEG file is kept whole: --to original gives it back byte for byte.

A second run skips what is done: a target that holds the pixels of its source. A target that
holds another picture is never replaced. A .cgx file that would be larger than its source is not
kept. Two sources of one name keep their suffixes: same.png.cgx and same.jpg.cgx.

Of folders all pictures are taken; links, raw files of cameras and others are counted and named.
Sources and targets may be URLs (s3://bucket/folder, ...).

--mode grid loses colour: of its targets mode, size, alpha and luminance are compared. --mode near
changes each sample by --max-error at most; how much it was in the end is told.
""",
        """\
  cgx convert photo.png                            photo.cgx beside it
  cgx convert photo.png -o small.cgx               this very file
  cgx convert ./-odd.png                           a name that begins with -
  cgx convert holiday -o archive --jobs 4          archive/holiday/..., four processes
  cgx convert holiday --delete-originals           keep only what was verified and holds all
  cgx convert archive -o out --to original         the JPEG files, byte for byte
  cgx convert archive -o out --to png              pixels and metadata, as PNG
  cgx convert photo.cgx -o photo.jpg --lossy       for those who cannot read .cgx
  cgx convert holiday -o web --no-exif             without places and cameras
  cgx convert holiday -o small --mode grid         luminance exact, colour painted
  cgx convert scans -o small --mode near --max-error 2   no sample off by more than 2
  cgx convert holiday --name "{stem}{suffix}.cgx"  photo.png.cgx
  cgx convert s3://in/2024 -o s3://out             extra "remote" and s3fs
  cgx convert s3://in -o s3://out --engine dask --scheduler tcp://head:8786
""",
    )
    convert.add_argument("sources", nargs="+", metavar="SRC", help="files, folders or URLs")
    convert.add_argument(
        "-o",
        "--output",
        metavar="PLACE",
        help="a file (b.cgx), or a folder (DIR/), also as URL; default: beside the sources",
    )
    convert.add_argument(
        "--to",
        choices=TARGETS,
        type=lambda name: OTHER_SPELLINGS.get(f".{name}", f".{name}")[1:],
        help="default: what -o ends with, or cgx; original: the very file that a .cgx file was "
        "made of; jpg: likewise, or a new one of a JPEG's pixels, or with --lossy of any",
    )
    convert.add_argument(
        "--name",
        metavar="TEMPLATE",
        help='names of targets, of the fields {stem} and {suffix}: "{stem}{suffix}.cgx"',
    )
    convert.add_argument(
        "--lossy",
        action="store_true",
        help="--to jpg, gif, webp, avif: other pixels are allowed; --quality 1 to 100",
    )
    convert.add_argument(
        "--keep-larger",
        action="store_true",
        help="keep a .cgx file that is larger than its source, too",
    )
    convert.add_argument(
        "--truncated",
        action="store_true",
        help="keep JPEG files that are cut short, too: byte for byte, and a little larger",
    )
    convert.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="processes of one core each, for many pictures; default: one picture at a time, on "
        "all cores",
    )
    convert.add_argument("--no-verify", action="store_true", help="do not read targets again")
    convert.add_argument(
        "--delete-originals",
        action="store_true",
        help="remove a source once its target is verified and holds all that is in it",
    )
    convert.add_argument(
        "--list-all",
        action="store_true",
        help="name every file that is not converted, not only the first ten of a kind",
    )
    convert.add_argument(
        "--engine",
        choices=("processes", "dask"),
        default="processes",
        help='default: processes of this machine; dask: a cluster (extra "dist")',
    )
    convert.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running Dask cluster; default: one of --jobs workers on this machine",
    )
    convert_flags.add_save_flags(convert)
    convert_flags.add_metadata_flags(convert)


def _convert(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import archive, asked, distribute, processes

    try:
        settings, sources, output = asked.asked_for(options)
    except asked.UsageError as error:
        return _usage_error(options, str(error))

    def engine(jobs: Sequence[Any], settings: Any) -> Any:
        if options.engine == "dask":
            return distribute.run(jobs, settings, options.scheduler, options.jobs)
        return processes.run(jobs, settings, options.jobs)

    return archive.run(sources, output, settings, engine, options.list_all)


# -- trim -----------------------------------------------------------------------------------------


def _add_trim(commands: Any) -> None:
    trim = _command(
        commands,
        "trim",
        _trim,
        "a lossless .cgx file without most of its colour; a network paints it",
        """\
Of the colour every n-th pixel of every n-th row is kept, and a network paints the rest when the
file is opened; the luminance stays exact. It is copied as it is where the file holds it by
itself; other lossless files (with an origin, of JPEG files, stored) are decoded and coded anew. The
colour that was lost does not come back: keep the lossless file where that matters.
""",
        """\
  cgx trim picture.cgx -o small.cgx              every 16th pixel: 0.03 bits per pixel
  cgx trim picture.cgx --grid 8 -o small.cgx     nearer to the picture, a little larger
""",
    )
    trim.add_argument("file", help="a lossless .cgx file of mode RGB or RGBA")
    trim.add_argument(
        "--grid",
        type=int,
        default=16,
        metavar="N",
        help="pixels from one kept colour to the next, 2 to 128; default 16. Multiples of 8 are "
        "the fastest",
    )
    trim.add_argument("-o", "--output", required=True, metavar="FILE")


def _trim(options: argparse.Namespace) -> int:
    from pillow_colorgrid.codings.crayon.description import INTERVAL
    from pillow_colorgrid.commands import trim
    from pillow_colorgrid.commands.places import at

    try:
        INTERVAL.checked("grid", options.grid)
    except ValueError as error:
        return _usage_error(options, str(error))
    return trim.run(at(options.file), at(options.output), options.grid)


# -- looking at files ---------------------------------------------------------------------------


def _add_info(commands: Any) -> None:
    info = _command(
        commands,
        "info",
        _info,
        "where the bytes of a .cgx file went",
        examples="""\
  cgx info picture.cgx
  cgx info archive                  all .cgx files of a folder
  cgx info --json archive/*.cgx | jq .rate_bpp
""",
    )
    info.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders")
    info.add_argument("--json", action="store_true", help="one JSON object in each line")


def _info(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import info

    return info.run(options.files, options.json)


def _add_verify(commands: Any) -> None:
    verify = _command(
        commands,
        "verify",
        _verify,
        "check .cgx files",
        examples="""\
  cgx verify archive                all .cgx files of a folder
  cgx verify --deep *.cgx           decode them, too: takes as long as opening them all
""",
    )
    verify.add_argument("files", nargs="+", metavar="FILE", help="files, folders or URLs")
    verify.add_argument(
        "--deep", action="store_true", help="decode every pixel too (default: checksums only)"
    )


def _verify(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import verify
    from pillow_colorgrid.commands.places import at

    return verify.run([at(file) for file in options.files], options.deep)


def _add_show(commands: Any) -> None:
    show = _command(
        commands,
        "show",
        _show,
        "a picture as PNG on standard output, or in a viewer",
        examples="""\
  cgx show picture.cgx                  the desktop's viewer; upright
  cgx show picture.cgx > picture.png
  cgx show picture.cgx | display -
  cgx show picture.cgx --box 1000,2000,1064,2064 > part.png
""",
    )
    show.add_argument("file", help="any picture that Pillow reads")
    show.add_argument(
        "--viewer", action="store_true", help="even where standard output is no terminal"
    )
    show.add_argument(
        "--box",
        type=_box,
        metavar="LEFT,UPPER,RIGHT,LOWER",
        help="only this part, in pixels as they are stored (of a .cgx file no other is decoded)",
    )


def _box(text: str) -> tuple[int, int, int, int]:
    try:
        left, upper, right, lower = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}, allowed: four integers, 0,0,64,64") from None
    return left, upper, right, lower


def _show(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import show
    from pillow_colorgrid.commands.places import at

    return show.run(at(options.file), options.viewer, options.box)


def _add_thumbnail(commands: Any) -> None:
    thumbnail = _command(
        commands,
        "thumbnail",
        _thumbnail,
        "a small picture, from a part of the bytes where the coding has levels",
        "Upright, as the EXIF orientation says, like all that is shown.",
        examples="""\
  cgx thumbnail picture.cgx -o small.png --size 128
""",
    )
    thumbnail.add_argument("file")
    thumbnail.add_argument("-o", "--output", required=True, help=".png, .jpg, .webp, ...")
    thumbnail.add_argument("--size", type=int, default=256, help="longer side, default 256")


def _thumbnail(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import thumbnail
    from pillow_colorgrid.commands.places import at

    return thumbnail.run(at(options.file), at(options.output), options.size)


def _add_diff(commands: Any) -> None:
    diff = _command(
        commands,
        "diff",
        _diff,
        "how far apart two pictures are, and where they part first",
        "Pixels that differ, the first of them, PSNR, and CIEDE2000 where scikit-image is "
        "installed. Exit\nstatus: 0 equal, 1 different, 2 other sizes or modes, or a file that "
        "cannot be read.",
        """\
  cgx diff photo.png photo.cgx
  cgx diff --json a.cgx b.cgx
""",
    )
    diff.add_argument("one", metavar="A")
    diff.add_argument("other", metavar="B")
    diff.add_argument("--json", action="store_true", help="one JSON object")


def _diff(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import diff
    from pillow_colorgrid.commands.places import at

    return diff.run(at(options.one), at(options.other), options.json)


def _add_inspect(commands: Any) -> None:
    inspect = _command(
        commands,
        "inspect",
        _inspect,
        "a page on which to look at what the coding did",
        "One HTML file that needs nothing else: the picture behind a slider, its luminance, what "
        "the\nnetworks expected, what they did not foresee, bits per pixel, and where the bytes "
        "went.",
        """\
  cgx inspect picture.cgx -o report.html && xdg-open report.html
  cgx inspect grid.cgx --original picture.png -o report.html    what was lost, and where
""",
    )
    inspect.add_argument("file")
    inspect.add_argument(
        "--original", metavar="FILE", help="the picture that the file was made of, to compare with"
    )
    inspect.add_argument("-o", "--output", required=True, metavar="HTML")


def _inspect(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import inspection

    original = Path(options.original) if options.original else None
    return inspection.run(Path(options.file), Path(options.output), original)


# -- desktop and shell --------------------------------------------------------------------------


def _add_install_desktop(commands: Any) -> None:
    install = _command(
        commands,
        "install-desktop",
        _install_desktop,
        "let file managers know .cgx: type, icon text, thumbnails",
        "Installs the MIME type (shared-mime-info), a thumbnailer, and a rule for file(1) into "
        "the user's\nown folders. cgx uninstall-desktop removes them.",
        """\
  cgx install-desktop
  file -m ~/.local/share/cgx/cgx.magic picture.cgx
""",
    )
    install.add_argument(
        "--user", action="store_true", help="into ~/.local/share: the only choice, and the default"
    )


def _install_desktop(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import desktop

    return desktop.install()


def _add_uninstall_desktop(commands: Any) -> None:
    _command(
        commands,
        "uninstall-desktop",
        _uninstall_desktop,
        "remove what install-desktop installed",
    )


def _uninstall_desktop(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands import desktop

    return desktop.uninstall()


def _add_completion(commands: Any) -> None:
    completion = _command(
        commands,
        "completion",
        _completion,
        "print a script by which a shell completes cgx commands",
        examples="""\
  cgx completion bash > ~/.local/share/bash-completion/completions/cgx
  cgx completion zsh > ~/.zfunc/_cgx
""",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _completion(options: argparse.Namespace) -> int:
    from pillow_colorgrid.commands.places import extra

    try:
        import shtab
    except ImportError as error:
        raise extra("cli", "completion needs shtab") from error
    print(shtab.complete(parser(), options.shell))
    return 0


# -- main ---------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        parser().print_help(sys.stderr)
        return 2
    options = parser().parse_args(given)
    show_warnings_here()
    before = _stop_on_termination()
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        complain("stopped; what was not finished left no file")
        return 130
    except BrokenPipeError:  # cgx info ... | head
        # Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        complain(f"cgx {options.command}: {error}")
        return 1
    except ImportError as error:
        from pillow_colorgrid.commands.places import MissingExtraError

        if not isinstance(error, MissingExtraError):
            raise
        return _usage_error(options, str(error))
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    return status


def _stop_on_termination() -> Any:
    """Let SIGTERM do what Ctrl-C does; the handler it had, or None where there cannot be one."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        return signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread
        return None


if __name__ == "__main__":
    sys.exit(main())
