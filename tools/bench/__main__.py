"""``python -m tools.bench``: see `sizes`."""

from tools.bench import main

if __name__ == "__main__":
    main()
