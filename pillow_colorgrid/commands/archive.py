"""``cgx convert``, all files: progress while it runs, then what was done and what was not."""

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pillow_colorgrid.commands import planning, sameness
from pillow_colorgrid.commands.convert import Job, Outcome
from pillow_colorgrid.commands.local import LINK
from pillow_colorgrid.commands.places import Place, locked
from pillow_colorgrid.commands.targets import Settings
from pillow_colorgrid.commands.terminal import complain, printable, reason_of, say, say_lines

STATES = ("converted", "skipped", "kept", "failed")

SAID_OF_STATES = {"kept": "kept as they are (larger as .cgx)"}

REFRESH_SECONDS = 1.0
"""Between two looks at the clock, where a bar is shown."""

LISTED = 10
"""Of the files that are not converted, so many of each kind are named, unless all are asked for."""

Engine = Callable[[Sequence[Job], Settings], Iterable[Outcome]]
"""What does the jobs: processes of this machine, or a cluster."""


def run(
    sources: Sequence[Place],
    output: planning.Output,
    settings: Settings,
    engine: Engine,
    list_all: bool = False,
) -> int:
    """Convert and report; status 1 if a file failed or there was none.

    Args:
        list_all: name each file that is not converted, however many there are.
    """
    plan = planning.plan(sources, output, settings)
    folders = {job.target.folder for job in plan.jobs}
    _remove_leftovers(folders)
    outcomes = list(plan.failed)
    stays = "; the original stays" if settings.delete_originals else ""
    linked = _led_to(plan.left) if settings.delete_originals else {}
    try:
        # One by one: after Ctrl-C the list holds what was done.
        for outcome in _progress(engine(plan.jobs, settings), len(plan.jobs)):
            outcomes += [_without_original(outcome, settings, linked)]
    finally:
        # Also after Ctrl-C: what was done is told, what a killed process left is removed.
        _remove_leftovers(folders)
        say_lines(report(outcomes))
        if plan.left:
            say(f"not converted: {counted(plan.left)}")
        for line in [*plan.notes, *complaints(outcomes, stays), *named(plan.left, list_all)]:
            complain(line)
    return 0 if outcomes and all(outcome.state != "failed" for outcome in outcomes) else 1


def counted(left: Sequence[tuple[Place, str]]) -> str:
    """How many there are of each kind."""
    counts = Counter(kind for _, kind in left)
    return ", ".join(f"{count:,} {_plural(kind, count)}" for kind, count in sorted(counts.items()))


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    for word in ("file", "link"):
        if word in kind.split():
            several = kind.replace(word, f"{word}s", 1)
            return several.replace("that is no picture by its name", "that are no pictures by name")
    return kind


def named(left: Sequence[tuple[Place, str]], list_all: bool) -> Iterator[str]:
    """A line for each file that is not converted, or for the first of each kind."""
    seen: Counter[str] = Counter()
    for place, kind in left:
        seen[kind] += 1
        if list_all or seen[kind] <= LISTED:
            yield f"{place}: not converted: {kind}"
    for kind, count in sorted(seen.items()):
        if count > LISTED and not list_all:
            more = count - LISTED
            yield f"{more:,} more not converted: {_plural(kind, more)} (--list-all names them)"


def _remove_leftovers(folders: Iterable[Place]) -> None:
    for folder in folders:
        folder.remove_leftovers()


def _led_to(left: Sequence[tuple[Place, str]]) -> dict[Place, Place]:
    """Files that links in the sources lead to, each with such a link."""
    found = {}
    for place, kind in left:
        if kind == LINK:
            with contextlib.suppress(OSError, RuntimeError):  # links that lead to each other
                found[place.resolved()] = place
    return found


def _without_original(
    outcome: Outcome, settings: Settings, linked: Mapping[Place, Place]
) -> Outcome:
    """Remove the source of a verified target, where that is wanted and nothing would be lost.

    Skipped targets were decoded and compared as well, so their sources may go, too. Both files must
    still be what they were when they were compared, and the disk must have the target.
    """
    if not settings.delete_originals or outcome.state not in ("converted", "skipped"):
        return outcome
    if outcome.lost:
        return outcome
    source, target = outcome.job.source, outcome.job.target
    if link := linked.get(source.resolved()):
        return replace(outcome, needed_by=str(link))
    assert outcome.source_seen is not None  # for mypy; nothing is converted unread
    assert outcome.target_seen is not None
    try:
        with locked(source.folder, target.folder):
            target.check(outcome.target_seen)
            target.settle()
            source.remove(outcome.source_seen)
    except OSError as error:
        reason = f"converted, but the original stays: {reason_of(error, source)}"
        return Outcome(outcome.job, "failed", reason=reason)
    return outcome


def _progress(outcomes: Iterable[Outcome], count: int) -> Iterator[Outcome]:
    """`outcomes` as they come, behind a bar where there is a terminal to show it."""
    if not sys.stderr.isatty():
        yield from outcomes
        return
    from tqdm import tqdm

    saved = 0
    # The bar tells count, rate and time left by itself.
    with tqdm(total=count, unit="picture", dynamic_ncols=True) as bar, _moving(bar.refresh):
        for outcome in outcomes:
            before, after = _bytes([outcome])
            saved += before - after
            bar.set_postfix_str(f"{saved / 1e6:,.1f} MB saved", refresh=False)
            bar.update()
            yield outcome


@contextlib.contextmanager
def _moving(refresh: Callable[[], object]) -> Iterator[None]:
    """Within, the time is told anew again and again: a large picture may take minutes."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(REFRESH_SECONDS):
            refresh()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def report(outcomes: Sequence[Outcome]) -> str:
    """A table, bytes before and after by kind of source; then one line with the counts."""
    done = [outcome for outcome in outcomes if outcome.state != "failed"]
    by_kind: dict[str, list[Outcome]] = {}
    for outcome in done:
        by_kind.setdefault(outcome.job.source.suffix.lstrip(".") or "-", []).append(outcome)
    lines = []
    if done:
        lines.append(
            f"{'from':<8}{'pictures':>9}{'bytes before':>18}{'bytes after':>18}{'change':>9}"
        )
        for kind, group in sorted(by_kind.items()):
            before, after = _bytes(group)
            line = (
                f"{printable(kind):<8}{len(group):>9,}{before:>18,}{after:>18,}{_change(group):>9}"
            )
            lines.append(line + _restorable(group))
    counts = Counter(outcome.state for outcome in outcomes)
    before, after = _bytes(done)
    change = f", {_change(done)}" if before else ""
    told = [state for state in STATES if counts[state] or state not in SAID_OF_STATES]
    lines.append(
        ", ".join(f"{counts[state]:,} {SAID_OF_STATES.get(state, state)}" for state in told)
        + f"; {before:,} bytes -> {after:,} bytes{change}"
    )
    if cut := sum(outcome.cut and outcome.state != "failed" for outcome in outcomes):
        lines.append(
            f"{cut:,} cut short, kept as they are: --to original gives them back; they are shown "
            "with LOAD_TRUNCATED_IMAGES alone"
        )
    loss = sameness.all_of([outcome.loss for outcome in outcomes if outcome.loss is not None])
    if loss is not None:
        lines.append(f"pixels were changed: {loss}" if loss.most else f"pixels: {loss}")
    return "\n".join(lines)


def _restorable(group: Sequence[Outcome]) -> str:
    """How many of a kind can be given back byte for byte, where any can."""
    count = sum(outcome.restorable for outcome in group)
    if not count:
        return ""
    return "  restorable" if count == len(group) else f"  {count:,} restorable"


def _bytes(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Bytes before and after; what stays as it is counts as it is."""
    pairs = [
        (o.source_bytes, o.source_bytes if o.state == "kept" else o.target_bytes)
        for o in outcomes
        if o.state != "failed"
    ]
    return sum(before for before, _ in pairs), sum(after for _, after in pairs)


def _change(outcomes: Sequence[Outcome]) -> str:
    before, after = _bytes(outcomes)
    return f"{after / before - 1:+.1%}" if before else "-"


def complaints(outcomes: Sequence[Outcome], stays: str = "") -> Iterator[str]:
    """A line for each file that failed, and for each whose target lacks something of it."""
    for outcome in outcomes:
        if outcome.state == "failed":
            yield f"{outcome.job.source}: {outcome.reason}"
        elif outcome.state == "kept":
            percent = 100 * (outcome.target_bytes / outcome.source_bytes - 1)
            yield (
                f"{outcome.job.source}: stays as it is: {percent:.1f} % larger as .cgx "
                "(--keep-larger)"
            )
        elif outcome.lost:
            target, lost = outcome.job.target.name, ", ".join(outcome.lost)
            yield f"{outcome.job.source}: note: {target} does not hold: {lost}{stays}"
        elif outcome.needed_by:
            yield f"{outcome.job.source}: note: the original stays, {outcome.needed_by} leads to it"
