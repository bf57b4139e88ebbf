"""Scores of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.verification.align import Token
from podmill.verification.metrics import LineScore, acceptable, score, to_respeak, total_accuracy, word_accuracy

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
    """Every line heard as written: accuracy 1, nothing to respeak."""
    scores = score(said(lines), heard(lines))

    assert total_accuracy(scores) == 1.0
    assert to_respeak(scores, 0.94) == ()
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


def test_replaced_line_is_broken() -> None:
    """Other words in its place, neighbours untouched."""
    lines = [line.split() for line in ("we went down to the sea", "the price fell to nothing", "and that was all")]
    other = [line.split() for line in ("we went down to the sea", "my dog likes long walks", "and that was all")]

    scores = score(said(lines), heard(other))

    assert wrong(scores) == {1}
    assert scores[1].broken
    assert not acceptable(scores, 0.0)


def test_misspelled_names_do_not_break_a_line() -> None:
    """Wrong words with the right sounds count as errors, not as a line that was not said."""
    line = LineScore(
        0,
        words=("shostakovich", "rachmaninoff", "prokofiev", "stravinsky"),
        heard=("shostakovitch", "rahmaninov", "prokofief", "stravinski"),
        missing=(),
        added=(),
        errors=4,
    )

    assert line.word_accuracy == 0.0
    assert not line.broken


def test_a_short_line_is_never_broken() -> None:
    """An unheard yes does not stop an episode by itself."""
    assert not LineScore.unheard(0, ("yes", "we", "do")).broken
    assert LineScore.unheard(0, ("yes", "we", "do", "so")).broken


@pytest.mark.parametrize(
    ("errors", "words", "expected"), [(0, 0, 1.0), (2, 0, 0.0), (1, 4, 0.75), (9, 4, 0.0), (0, 4, 1.0)]
)
def test_word_accuracy_by_hand(errors: int, words: int, expected: float) -> None:
    """1 minus errors over words, between 0 and 1."""
    assert expected == word_accuracy(errors, words)


def test_worst_lines_are_spoken_again_first() -> None:
    """Broken lines, then by accuracy; lines above the threshold are left alone."""
    four = ("alfa", "bravo", "charlie", "delta")
    scores = [
        LineScore(0, four, four, (), (), errors=0),
        LineScore(1, four, four, (), (), errors=1),
        LineScore.unheard(2, four),
        LineScore(3, ("yes",), (), ("yes",), (), errors=1),
        LineScore(4, four, four, (), (), errors=2),
    ]

    assert to_respeak(scores, 0.94) == (2, 3, 4, 1)
