"""Measurements as TSV that grows line by line, and tables as Markdown."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

Line = dict[str, str]


class Measurements:
    """Lines of a TSV file by their key; each is on the disk as soon as it is known."""

    def __init__(self, path: Path, key: Sequence[str]) -> None:
        """Read what is there.

        Args:
            key: the columns that name a line.
        """
        self.path, self.key = path, tuple(key)
        self.lines: dict[tuple[str, ...], Line] = {}
        if path.exists():
            with path.open(newline="") as file:
                for line in csv.DictReader(file, delimiter="\t"):
                    self.lines[tuple(line[name] for name in self.key)] = line

    def __contains__(self, key: Sequence[object]) -> bool:
        return tuple(map(str, key)) in self.lines

    def __getitem__(self, key: Sequence[object]) -> Line:
        return self.lines[tuple(map(str, key))]

    def add(self, key: Sequence[object], line: Line) -> None:
        """Keep a line, and write all of them."""
        names = tuple(map(str, key))
        self.lines[names] = {**dict(zip(self.key, names, strict=True)), **line}
        columns = list(dict.fromkeys(name for one in self.lines.values() for name in one))
        part = self.path.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.lines.values())
        part.replace(self.path)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""
