"""Scores of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.verification.align import Token
from podmill.verification.metrics import LineScore, score, total_accuracy, word_accuracy

WORDS = ("alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
LINES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=2, max_size=6)


def said(lines: list[list[str]]) -> list[tuple[int, list[str]]]:
    return list(enumerate(lines))


def heard(lines: list[list[str]]) -> list[Token]:
    return [Token(word, index) for index, line in enumerate(lines) for word in line]


def wrong(scores: list[LineScore]) -> set[int]:
    return {line.index for line in scores if line.errors}


@given(LINES)
def test_identity_is_one(lines: list[list[str]]) -> None:
    """Every line heard as written: accuracy 1."""
    scores = score(said(lines), heard(lines))

    assert total_accuracy(scores) == 1.0
    assert [list(line.heard) for line in scores] == lines


@given(LINES, st.data())
def test_a_dropped_line_and_no_other_is_named(lines: list[list[str]], data: st.DataObject) -> None:
    """Also when its words stand in the lines around it."""
    gone = data.draw(st.integers(0, len(lines) - 1))

    scores = score(said(lines), [token for token in heard(lines) if token.line != gone])

    assert wrong(scores) == {gone}
    assert scores[gone].missing == tuple(lines[gone])
    assert scores[gone].word_accuracy == 0.0


@given(LINES, st.data())
def test_a_word_put_in_counts_against_the_line_being_spoken(lines: list[list[str]], data: st.DataObject) -> None:
    """Whether inside the line or at its border."""
    line = data.draw(st.integers(0, len(lines) - 1))
    tokens = heard(lines)
    place = data.draw(st.integers(0, len(lines[line]))) + sum(len(before) for before in lines[:line])

    scores = score(said(lines), [*tokens[:place], Token("zulu", line), *tokens[place:]])

    assert wrong(scores) == {line}
    assert scores[line].added == ("zulu",)


def test_swapped_lines_are_both_named() -> None:
    """Each line is heard in the other's time."""
    first, second, third = "we went down to the sea", "nobody knew his name", "and that was all"
    lines = [first.split(), second.split(), third.split()]

    scores = score(said(lines), heard([lines[1], lines[0], lines[2]]))

    assert wrong(scores) == {0, 1}


def test_a_line_that_nobody_heard_misses_all_its_words() -> None:
    """No time in the recording, or nothing at that time."""
    line = LineScore.unheard(0, ("yes", "we", "do"))

    assert line.missing == ("yes", "we", "do")
    assert line.word_accuracy == 0.0


@pytest.mark.parametrize(
    ("errors", "words", "expected"), [(0, 0, 1.0), (2, 0, 0.0), (1, 4, 0.75), (9, 4, 0.0), (0, 4, 1.0)]
)
def test_word_accuracy_by_hand(errors: int, words: int, expected: float) -> None:
    """1 minus errors over words, between 0 and 1."""
    assert expected == word_accuracy(errors, words)
