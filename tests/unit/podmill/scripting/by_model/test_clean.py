"""Words of a model as plain text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.scripting.by_model.clean import plain, said_by


@pytest.mark.parametrize(
    ("given_text", "left"),
    [
        ("**Hello** and [laughs] welcome.", "Hello and welcome."),
        ("<b>High</b> <script>alert(1)</script>tide", "High tide"),
        ("*sighs* The _tide_ is `in`.", "The tide is in."),
        ("one\x00two\u202ethree\u200bfour\x07", "one two three four"),
        ("Wait <|sigh|> and <#1.5#> go", "Wait and go"),
        ("line one\n\nline\ttwo", "line one line two"),
        ("snake_case stays, 3 < 4 does not", "snake_case stays, 3 4 does not"),
    ],
)
def test_what_is_left(given_text: str, left: str) -> None:
    """No markup, nothing invisible, no directions for the stage or the engine; the words stay."""
    assert plain(given_text) == left


@given(st.text(max_size=2000), st.integers(5, 200))
def test_always_plain(text: str, chars_max: int) -> None:
    """One line, bounded, nothing that marks up or cannot be seen."""
    left = plain(text, chars_max)

    assert len(left) <= chars_max
    assert not set(left) & set("<>[]\n\r\t")
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Co") for each in left)


def test_a_speaker_s_name_is_not_said() -> None:
    """Neither the tag nor the name that a model puts before a line."""
    assert said_by("S1: Hello.", ("S1", "Joe")) == "Hello."
    assert said_by("joe: Hello.", ("S1", "Joe")) == "Hello."
    assert said_by("Note: Hello.", ("S1", "Joe")) == "Note: Hello."
