"""Outside providers that more than one step asks."""
