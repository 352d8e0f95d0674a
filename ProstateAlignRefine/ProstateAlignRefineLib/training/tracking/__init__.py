"""Where a run can be watched while it trains."""
