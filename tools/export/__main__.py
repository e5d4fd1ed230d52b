"""``python -m tools.export``: see `onnx_files`."""

from tools.export.onnx_files import main

if __name__ == "__main__":
    main()
