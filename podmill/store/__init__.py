"""Where files and rows are kept: artifacts by content hash, takes by key, the database."""
