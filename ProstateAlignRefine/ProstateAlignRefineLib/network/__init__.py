"""The network, its text guidance and the model bundle (torch)."""
