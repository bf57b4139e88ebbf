"""What errors say."""

import pytest

from podmill.errors import ConfigurationError


@pytest.mark.parametrize("said", ["It answers 401: Invalid API key", "It answers 401: Invalid API key."])
def test_what_happened_and_what_to_do_are_two_sentences(said: str):
    """Also where the first ends with the words of somebody else."""
    assert str(ConfigurationError(said, action="Check it.")) == "It answers 401: Invalid API key. Check it."
    assert str(ConfigurationError(said)) == said
