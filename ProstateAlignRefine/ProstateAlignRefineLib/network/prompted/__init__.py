"""Prompts that choose: a small trained text tower and the head in which its words meet the image (ours)."""
