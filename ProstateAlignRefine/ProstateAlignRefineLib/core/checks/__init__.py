"""What images and results must fulfil, and what a reader must know of them."""
