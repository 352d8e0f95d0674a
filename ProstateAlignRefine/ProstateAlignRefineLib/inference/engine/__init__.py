"""What computes a bundle's networks: torch, or ONNX Runtime without torch."""
