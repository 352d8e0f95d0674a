"""Findings: where they end, what is measured of them, and how likely each is a lesion."""
