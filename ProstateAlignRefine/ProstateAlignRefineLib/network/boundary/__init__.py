"""The boundary refiner: what the images say about a finding's outline, finer than the network looks (ours)."""
