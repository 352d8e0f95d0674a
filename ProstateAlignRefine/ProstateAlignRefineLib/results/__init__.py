"""What a run gave: lesions at a setting, the result folder, report, overview, words."""
