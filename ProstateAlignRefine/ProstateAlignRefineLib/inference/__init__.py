"""From a study to maps with a model bundle (torch)."""
