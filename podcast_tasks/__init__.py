"""Celery, thin: one module per step, the journal that makes a step run once, and upkeep."""

from podcast_tasks.app import app

__all__ = ["app"]
