"""Teaching a bundle its boundary refiner, on what its frozen network finds, and judging it."""
