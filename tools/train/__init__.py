"""Networks in PyTorch, and how they are trained."""
