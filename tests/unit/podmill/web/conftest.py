"""A published folder and a client of the application that serves it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from podmill.publishing import publish
from podmill.web.app import create_app
from tests.releases import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    studio = Studio(tmp_path / "studio")
    publish(studio.release(), studio.context)
    return studio


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    with TestClient(create_app(studio.settings), follow_redirects=False) as client:
        yield client
