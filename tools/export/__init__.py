"""From a checkpoint to ONNX, proven to compute the same integers everywhere."""
