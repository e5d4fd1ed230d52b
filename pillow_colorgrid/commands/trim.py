"""``cgx trim``: a lossless file without most of its colour; a network paints it again."""

from io import BytesIO

from pillow_colorgrid import container, trimming
from pillow_colorgrid.commands.pictures import attempt
from pillow_colorgrid.commands.places import Place
from pillow_colorgrid.commands.terminal import say


def run(source: Place, target: Place, grid: int) -> int:
    """Write the grid file of `source`; print both sizes; the exit status."""

    def work() -> int:
        with source.open() as file:
            data = trimming.trimmed(file, grid)
        target.write(data, _check, like=source, replace=True)
        return len(data)

    size_bytes = attempt(source, work)
    if size_bytes is None:
        return 1
    before = source.size_bytes()
    change = size_bytes / before - 1
    say(f"{source} -> {target}: {before:,} bytes -> {size_bytes:,} bytes, {change:+.1%}")
    return 0


def _check(data: bytes) -> None:
    """Whether all that was written is there."""
    file = BytesIO(data)
    container.read_header(file)
    for _ in container.read_sections(file):
        pass
