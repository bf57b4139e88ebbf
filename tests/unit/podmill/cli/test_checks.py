"""What ``podmill doctor`` says of this machine."""

import pytest

from podmill.cli.checks import second_transcriber
from podmill.settings import Settings, load


@pytest.fixture
def settings(podmill_home) -> Settings:
    return load({"PODMILL_HOME": str(podmill_home)})[0]


def test_a_second_transcriber_comes_along(settings):
    assert second_transcriber(settings).state == "ok"


def test_no_second_transcriber(settings):
    """Not a failure: doctor says what is lost."""
    check = second_transcriber(settings.model_copy(update={"transcriber_model": "base"}))

    assert (check.state, check.found.startswith("none")) == ("note", True)
    assert "PODMILL_TRANSCRIBER_SECOND_MODEL" in check.action


def test_second_transcriber_by_name(settings):
    named = settings.model_copy(update={"transcriber_second_model": "tiny.en"})

    check = second_transcriber(named)

    assert (check.state, check.found.endswith("model")) == ("ok", True)


def test_second_transcriber_that_is_not_there(settings):
    """It would be missed in the middle of the night."""
    check = second_transcriber(settings.model_copy(update={"transcriber_second_model": "/no/such/folder"}))

    assert (check.state, "/no/such/folder" in check.found) == ("failed", True)
