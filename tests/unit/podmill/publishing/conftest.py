"""A studio of the test's own."""

from pathlib import Path

import pytest

from tests.releases import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "studio")
