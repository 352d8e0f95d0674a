"""Which series is T2W, ADC and HBV, and why."""
