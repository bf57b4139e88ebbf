"""The limits every worker on every host obeys together."""
