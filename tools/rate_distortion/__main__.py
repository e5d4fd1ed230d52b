"""``python -m tools.rate_distortion``: see `report`."""

from tools.rate_distortion.report import main

if __name__ == "__main__":
    main()
