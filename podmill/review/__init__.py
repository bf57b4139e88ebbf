"""Review: what a person is to hear, the passages in question, and what was decided."""
