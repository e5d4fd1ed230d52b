"""What makes and measures the networks: training (PyTorch), export, benchmarks.

Nothing in ``pillow_colorgrid`` imports from here.
"""
