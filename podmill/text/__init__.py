"""Text of any language, as every step reads it."""
