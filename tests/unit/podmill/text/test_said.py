"""Words in a text."""

import pytest

from podmill.text.said import said_in


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ("tide", "The Tide turns.", True),
        ("tide", "Tides turn.", False),
        ("spring tide", "A spring\n tide.", True),
        ("c++", "We like C++.", True),
        ("\u6f6e", "\u6f6e \u306e", True),
        (" ", "Anything", False),
    ],
)
def test_words_are_said_as_they_are(words: str, text: str, said: bool) -> None:
    """Whatever their case and spaces, and not as a part of others."""
    assert said_in(words, text) is said
