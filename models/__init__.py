"""The networks (ONNX) and their index; shipped as `pillow_colorgrid.models`."""
