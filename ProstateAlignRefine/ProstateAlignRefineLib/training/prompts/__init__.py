"""Teaching a bundle its prompted head, on what its frozen network sees."""
