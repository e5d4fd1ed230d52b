"""Measure the tables of a source again, on real files.

    nice python -m tools.reproduce thesis --data DIR --test DIR --out runs/thesis
    nice python -m tools.reproduce crayon --data DIR --test DIR... --out runs/crayon
    nice python -m tools.reproduce thesis --quick --data DIR --test DIR --out runs/quick

`--data` are the crops that are trained on (every 20th is held out: the thesis's validation set);
`--test` pictures of other kinds. What was trained or measured stays in `--out`; the same command
goes on from there. Writes a line for each measurement (.tsv), the tables (.md) and a plot (.png).
"""

import argparse
from pathlib import Path

from tools.reproduce.crayon import making as crayon, settings as crayon_settings
from tools.reproduce.thesis import making as thesis, settings as thesis_settings

SOURCES = {
    "thesis": (thesis_settings, thesis.make, "Borras Sans 2021, Tables 1 to 15"),
    "crayon": (crayon_settings, crayon.make, "arXiv 2502.05402: n from 6 to 100"),
}


def main() -> None:
    """Read the command line."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    sources = parser.add_subparsers(dest="source", required=True)
    for name, (settings, _, meaning) in SOURCES.items():
        source = sources.add_parser(name, help=meaning, description=__doc__, formatter_class=layout)
        source.add_argument("--data", type=Path, required=True, help="folder of crops")
        source.add_argument("--test", type=Path, required=True, help="folders", nargs="+")
        source.add_argument("--out", type=Path, required=True, help="folder of all that is made")
        source.add_argument("--quick", action="store_true", help="a minute, to see that it works")
        settings.Settings().add_options(source)
    given = vars(parser.parse_args())
    settings, make, _ = SOURCES[given["source"]]
    chosen = settings.QUICK if given["quick"] else settings.Settings()
    chosen = chosen.changed(**{name: given[name] for name in chosen.options})
    print(make(chosen, given["data"], given["test"], given["out"]))


if __name__ == "__main__":
    main()
