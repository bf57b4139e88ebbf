"""Laying heard words against script words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from podmill.verification import align as module
from podmill.verification.align import Token, align

TOKENS = st.lists(
    st.builds(Token, st.sampled_from(["a", "b", "ab", "c", "cab", "1", "12"]), st.integers(0, 2)), max_size=14
)


def tokens(text: str, line: int = 0) -> list[Token]:
    return [Token(word, line) for word in text.split()]


def errors(script: list[Token], heard: list[Token]) -> int:
    return sum(not pair.equal for pair in align(script, heard))


@given(TOKENS, TOKENS)
def test_every_word_is_accounted_for_once_and_in_order(script: list[Token], heard: list[Token]) -> None:
    """The pairs put together again are the two texts."""
    pairs = align(script, heard)

    assert script == [token for pair in pairs for token in pair.script]
    assert heard == [token for pair in pairs for token in pair.heard]
    assert all(pair.equal or max(len(pair.script), len(pair.heard)) == 1 for pair in pairs)


@given(TOKENS, TOKENS)
def test_errors_never_exceed_the_word_distance(script: list[Token], heard: list[Token]) -> None:
    """Tolerance for joined words only ever forgives."""
    plain = Levenshtein.distance([token.text for token in script], [token.text for token in heard])

    assert errors(script, heard) <= plain


@given(TOKENS, TOKENS, st.integers(1, 60))
@settings(max_examples=60)
def test_cut_texts_are_aligned_as_well_as_the_word_distance(
    script: list[Token], heard: list[Token], cells: int
) -> None:
    """Texts beyond the table are cut where they agree, and lose nothing by it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CELLS_MAX", cells)
        pairs = align(script, heard)

    plain = Levenshtein.distance([token.text for token in script], [token.text for token in heard])
    assert script == [token for pair in pairs for token in pair.script]
    assert heard == [token for pair in pairs for token in pair.heard]
    assert sum(not pair.equal for pair in pairs) <= plain


@given(TOKENS)
def test_a_text_against_itself_has_no_errors(script: list[Token]) -> None:
    """Identity is accuracy 1."""
    assert errors(script, script) == 0


@pytest.mark.parametrize(
    ("script", "heard", "expected"),
    [
        ("the lighthouse keeper", "the light house keeper", 0),
        ("some one said", "someone said", 0),
        ("the a p i key", "the api key", 0),
        ("at 330 pm", "at 3 30 p m", 0),
        ("four ships came", "for ships came", 1),
        ("four ships came", "four ships", 1),
        ("four ships", "four big ships", 1),
        ("", "words from nowhere", 3),
        ("words never heard", "", 3),
    ],
)
def test_errors_counted(script: str, heard: str, expected: int) -> None:
    """Left out, put in and said wrong count one each; written apart or together counts nothing."""
    assert expected == errors(tokens(script), tokens(heard))


def test_time_decides_between_equal_lines() -> None:
    """Of two equal lines, the one that was spoken when the words were heard is the one that was heard."""
    script = tokens("yes we do", 0) + tokens("yes we do", 1)

    pairs = align(script, tokens("yes we do", 1))

    assert {token.line for pair in pairs if not pair.equal for token in pair.script} == {0}


def test_a_very_long_line_is_aligned_in_pieces() -> None:
    """Half an hour of one speaker, with a word missing in the middle."""
    script = [Token(f"w{number % 997}", 0) for number in range(4000)]
    heard = script[:2000] + script[2001:]

    assert errors(script, heard) == 1
