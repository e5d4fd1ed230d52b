"""What ``cgx convert`` shows: progress while it runs, then what was done and what was not."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pillow_colorgrid import convert
from pillow_colorgrid.convert import Outcome, Settings

try:
    from tqdm import tqdm
except ImportError:  # an extra: pip install "pillow_colorgrid[cli]"
    tqdm = None


def run(sources: Sequence[Path], folder: Path | None, settings: Settings, processes: int) -> int:
    """Convert and report; status 1 if a file failed or there was none."""
    jobs, failed = convert.plan(sources, folder, settings)
    outcomes = [*failed, *_progress(convert.run(jobs, settings, processes), len(jobs))]
    print(report(outcomes))
    for outcome in outcomes:
        if outcome.state == "failed":
            print(f"{outcome.job.source}: {outcome.reason}", file=sys.stderr)
    return 0 if outcomes and all(outcome.state != "failed" for outcome in outcomes) else 1


def _progress(outcomes: Iterable[Outcome], count: int) -> Iterable[Outcome]:
    """`outcomes` as they come, behind a bar where there is a terminal to show it."""
    if tqdm is None or not sys.stderr.isatty():
        yield from outcomes
        return
    saved = 0
    with tqdm(total=count, unit="picture") as bar:
        for outcome in outcomes:
            saved += outcome.source_bytes - outcome.target_bytes
            bar.set_postfix_str(f"{saved / 1e6:,.1f} MB saved")
            bar.update()
            yield outcome


def report(outcomes: Sequence[Outcome]) -> str:
    """Counts, and bytes before and after."""
    counts = Counter(outcome.state for outcome in outcomes)
    before = sum(outcome.source_bytes for outcome in outcomes if outcome.state != "failed")
    after = sum(outcome.target_bytes for outcome in outcomes if outcome.state != "failed")
    line = ", ".join(f"{counts[state]} {state}" for state in ("converted", "skipped", "failed"))
    change = f", {after / before - 1:+.1%}" if before else ""
    return f"{line}; {before:,} bytes -> {after:,} bytes{change}"
