"""``python -m tools.bench``: see `sizes`."""

from tools.bench.sizes import main

if __name__ == "__main__":
    main()
