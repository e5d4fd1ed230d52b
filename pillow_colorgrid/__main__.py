"""``python -m pillow_colorgrid``: the cgx command."""

import sys

from pillow_colorgrid.cli import main

if __name__ == "__main__":
    sys.exit(main())
