"""``python -m tools.train``: see `loop`."""

from tools.train.loop import main

if __name__ == "__main__":
    main()
