"""Cutting for speech changes no word."""

from hypothesis import given
from hypothesis import strategies as st

from podmill.scripting.sentences import split_long


@given(
    st.lists(st.sampled_from(["tide", "sea,", "and", "Moon.", "The", "rises;", "1.5", "which", "e.g."]), max_size=200)
)
def test_no_word_is_changed(words: list[str]) -> None:
    """The pieces are the text, and none is too long."""
    pieces = split_long(" ".join(words))

    assert " ".join(pieces).split() == words
    assert all(len(piece.split()) <= 45 for piece in pieces)


def test_short_text_is_one_piece() -> None:
    """What fits is not cut, only its spaces are evened."""
    assert split_long("One.  Two. ") == ["One. Two."]
    assert split_long(" ") == []


def test_cuts_are_where_a_speaker_would_breathe() -> None:
    """First between sentences, then between clauses, then at commas."""
    assert split_long("The sea is big. The Moon is far.", 4) == ["The sea is big.", "The Moon is far."]
    assert split_long("The sea is big, and the Moon is far.", 6) == ["The sea is big,", "and the Moon is far."]
    assert split_long("海水上升。月亮很远。", 3) == ["海水上升。", "月亮很远。"]
    assert split_long("Red, green, blue, white", 2) == ["Red, green,", "blue, white"]
