"""The page of costs: behind the password, and as the ledger has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from podmill import settings
from podmill.store.database import open_engine
from podmill.web.app import create_app
from podmill.web.overview import costs_page
from tests import spending

WHO = ("anyone", "word")


@pytest.fixture
def guarded(podmill_home: Path) -> Iterator[TestClient]:
    known = settings.current().model_copy(update={"web_password": SecretStr(WHO[1])})
    engine = open_engine(known)
    spending.fill(engine)
    with TestClient(create_app(known, costs=lambda query: costs_page(known, query))) as client:
        yield client
    engine.dispose()


def test_it_shows_what_is_asked_for_to_those_with_the_password(guarded: TestClient) -> None:
    """All, or a month; others learn nothing, and what is no month is refused."""
    whole, month = (guarded.get(f"/costs{query}", auth=WHO) for query in ("", "?since=2026-10&until=2026-10"))

    assert guarded.get("/costs").status_code == 401
    assert (whole.status_code, month.status_code) == (200, 200)
    assert "&lt;b&gt;Bees" in whole.text
    assert "&lt;b&gt;Bees" not in month.text
    assert "<strong>$0.1144</strong>" in month.text
    assert '<a href="costs?since=2026-10&amp;until=2026-10">' in whole.text
    assert whole.headers["cache-control"] == "no-store"
    assert "script-src" not in whole.headers["content-security-policy"]
    assert "default-src 'none'" in whole.headers["content-security-policy"]

    wrong = guarded.get("/costs?since=<script>", auth=WHO)
    assert (wrong.status_code, "<script>" in wrong.text) == (400, False)
