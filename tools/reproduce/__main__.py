"""Measure the tables of a source again, on real files.

    nice python -m tools.reproduce thesis --data DIR --test DIR --out runs/thesis
    nice python -m tools.reproduce thesis --quick --data DIR --test DIR --out runs/quick

`--data` are the crops that are trained on (every 20th is held out: the thesis's validation set),
`--test` pictures of another kind (the thesis's Imagenet). Whatever was trained or measured stays in
`--out`; the same command goes on from there. Writes thesis.tsv, one line for each measurement, and
thesis.md, the tables.
"""

import argparse
from dataclasses import fields
from pathlib import Path

from tools.reproduce.thesis import report
from tools.reproduce.thesis.settings import QUICK, Settings


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    sources = parser.add_subparsers(dest="source", required=True)
    thesis = sources.add_parser(
        "thesis", help="Borras Sans 2021, Tables 1 to 15", formatter_class=parser.formatter_class
    )
    thesis.add_argument("--data", type=Path, required=True, help="folder of crops")
    thesis.add_argument("--test", type=Path, required=True, help="folder of other pictures")
    thesis.add_argument("--out", type=Path, required=True, help="folder of all that is made")
    thesis.add_argument("--quick", action="store_true", help="a minute, to see that it works")
    names = {"minutes": float, "side": int, "pictures": int, "batch": int, "threads": int}
    default = Settings()
    for field in fields(Settings):
        if field.name in names:
            thesis.add_argument(
                f"--{field.name}",
                type=names[field.name],
                help=f"{field.metadata['meaning']}; default {getattr(default, field.name)}",
            )
    given = vars(parser.parse_args())
    given.pop("source")
    folders = {name: given.pop(name) for name in ("data", "test", "out")}
    begin = QUICK if given.pop("quick") else default
    settings = begin.changed(**{name: value for name, value in given.items() if value is not None})
    print(report.make(settings, **folders))


if __name__ == "__main__":
    main()
