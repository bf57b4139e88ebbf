"""A folder with source documents, and a way to write files beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from podmill.settings import Settings

Writer = Callable[[str, str], Path]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "moon.md").write_text("# The Moon\n\nThe Moon moves away from Earth by 3.8 cm a year.\n")
    (folder / "sun.txt").write_text("The Sun is a star. It is 4.6 billion years old.\n")

    def write_file(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_file
