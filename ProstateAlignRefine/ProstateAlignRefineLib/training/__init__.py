"""Losses, schedule, data and trainer (torch)."""
