"""The command line and the first line of benches that measure folders of pictures."""

import argparse
from datetime import date
from pathlib import Path


def parsed(about: str | None) -> argparse.Namespace:
    """Read the command line: `folders`, and `out`, the table to write."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="folders of pictures")
    parser.add_argument("--out", type=Path, required=True, help="the table (TSV) to write")
    return parser.parse_args()


def heading(bench: str, folders: list[Path]) -> str:
    """By which command a table was made, and when."""
    names = " ".join(folder.name for folder in folders)
    return f"# python -m tools.bench.{bench} --out FILE {names}, {date.today()}\n"
