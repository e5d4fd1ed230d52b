"""All that touches onnxruntime, threads and processors."""
