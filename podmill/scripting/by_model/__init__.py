"""Scripts written by language models, behind one pipeline."""
