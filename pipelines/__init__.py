"""The task graphs: an episode's chain, batches of them, and recurring ones."""
