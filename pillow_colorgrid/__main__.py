"""``python -m pillow_colorgrid``: the cgx command."""

import sys

from pillow_colorgrid.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
