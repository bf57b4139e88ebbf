"""What makes an episode: no Celery and no web in the rooms of the steps."""

__version__ = "0.1.0"
