"""Forge files by the ten thousands: wrong pixels, undocumented errors, memory, time.

    nice python -m tests.format.long_fuzz --mutations 200000 --out tools/results/fuzzing.tsv

Each mutation is named by its file and its number, so it can be shown again (`--show lossless:123`
writes it). A run that was stopped goes on where it was; progress, findings and what was measured
stand in a .json file beside `--out`; both are written every some hundred mutations. All CRCs are
right (`forging`), so what is wrong meets the decoders. A mutation that loads must have the pixels
that its header states, and must verify, too. Expect about 100 a second on an idle core.
"""

import argparse
import csv
import json
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.format import forging
from tests.format.corpus import corpus
from tests.format.fuzz_open import WrongPixelsError, check

MAX_PIXELS = 1_000_000
"""Of a picture that a changed header may ask for."""

SLOW_S = 10.0
"""Processor time of one file that counts as a finding."""

SAVED_EVERY = 200

COLUMNS = ("mutations", "loaded", "refused", "wrong pixels", "undocumented", "slowest_s")


def mutation(files: dict[str, tuple[bytes, bytes]], name: str, number: int) -> bytes:
    """The mutation of a number of a file: always the same."""
    donors = [s for data, _ in files.values() for s in forging.parsed(data)[1]]
    return forging.forged(files[name][0], random.Random(f"forged {name} {number}"), donors)


def peak_mib() -> float:
    """Of this process, so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def tried(data: bytes) -> tuple[str, str]:
    """What became of a file, a column of the table, and the error that was not documented."""
    try:
        return ("loaded" if check(data, max_pixels=MAX_PIXELS) else "refused"), ""
    except WrongPixelsError as error:
        return "wrong pixels", str(error)
    except Exception as error:
        return "undocumented", repr(error)


def run(mutations: int, state: dict[str, Any], save: Path, out: Path) -> None:
    """Go on until so many mutations were tried; `state` is changed and saved, and the table."""
    files = corpus()
    names = sorted(files)
    for name in names:
        state["files"].setdefault(name, dict.fromkeys(COLUMNS, 0))
    while state["done"] < mutations:
        # files that were added since the run began catch up first
        name = min(names, key=lambda one: (state["files"][one]["mutations"], one))
        row = state["files"][name]
        number = row["mutations"]
        data = mutation(files, name, number)
        before = peak_mib()
        started = time.process_time()
        became, error = tried(data)
        seconds = time.process_time() - started
        state["done"] += 1
        row["mutations"] += 1
        row[became] += 1
        row["slowest_s"] = max(row["slowest_s"], round(seconds, 2))
        if error or seconds > SLOW_S:
            told = error or f"{seconds:.1f} s"
            state["findings"].append({"file": name, "number": number, "found": told})
            print(f"\n{name}:{number}: {told}", file=sys.stderr)
        state["peak_mib"] = max(state["peak_mib"], round(peak_mib()))
        if peak_mib() > before + 50:
            state["memory"].append([name, number, round(before), round(peak_mib())])
        state["cpu_s"] = round(state["cpu_s"] + seconds, 3)
        if state["done"] % SAVED_EVERY == 0 or state["done"] == mutations:
            save.write_text(json.dumps(state, indent=1))
            write(state, out)
            print(f"\r{state['done']:,} of {mutations:,}", end="", file=sys.stderr)


def write(state: dict[str, Any], path: Path) -> None:
    """One line for each file of the corpus, and one for all."""
    rows = state["files"]
    total = {
        column: (max if column == "slowest_s" else sum)(row[column] for row in rows.values())
        for column in COLUMNS
    }
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["file", *COLUMNS, "peak_MiB"])
        for name, row in rows.items():
            writer.writerow([name, *(row[column] for column in COLUMNS), ""])
        writer.writerow(["all", *(total[column] for column in COLUMNS), state["peak_mib"]])


def main() -> int:
    """Status 1 if anything was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mutations", type=int, default=200_000, help="in all")
    parser.add_argument("--out", type=Path, default=Path("fuzzing.tsv"))
    parser.add_argument("--state", type=Path, help="default: .json beside --out")
    parser.add_argument("--show", help="FILE:NUMBER, write this mutation to --out instead")
    options = parser.parse_args()
    if options.show:
        name, number = options.show.split(":")
        options.out.write_bytes(mutation(corpus(), name, int(number)))
        return 0
    save = options.state or options.out.with_suffix(".json")
    state = {
        "done": 0, "cpu_s": 0.0, "peak_mib": 0, "files": {}, "findings": [], "memory": []
    }  # fmt: skip
    if save.exists():
        state = json.loads(save.read_text())
    run(options.mutations, state, save, options.out)
    return 1 if state["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
