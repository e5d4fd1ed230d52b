"""The page docs/cli.md: ``python -m pillow_colorgrid.commands.reference > docs/cli.md``."""

import argparse

from pillow_colorgrid.commands import cli

HEAD = """\
# The cgx command

Made of `cgx --help` by `python -m pillow_colorgrid.commands.reference > docs/cli.md`; a test keeps
both in step. Also as `python -m pillow_colorgrid`.
"""


def commands() -> dict[str, argparse.ArgumentParser]:
    """Each command's parser by its name, in the order of ``cgx --help``."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in cli.parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def page() -> str:
    """The whole page."""
    parts = [HEAD, f"```\n{cli.parser().format_help().strip()}\n```\n"]
    for name, parser in commands().items():
        parts.append(f"## cgx {name}\n\n```\n{parser.format_help().strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
