"""A model folder without torch: its configuration, where the starter lies, archives."""
