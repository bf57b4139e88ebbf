"""Settings, and where they come from."""

from pathlib import Path

from podmill.settings import load


def test_the_default_home_is_in_the_persons_own_folder() -> None:
    """With nothing set, the home folder is absolute: `~` never becomes the name of a folder."""
    settings, origins = load({})
    assert settings.home == Path.home() / ".podmill"
    assert next(row for row in origins if row.name == "home").origin == "default"
