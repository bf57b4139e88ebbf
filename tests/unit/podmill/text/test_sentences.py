"""Splitting paragraphs into sentences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.text.sentences import split


def sentences(text: str) -> list[str]:
    return [text[begin:end] for begin, end in split(text)]


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(["Dr. Smith met Prof. Jones.", "They spoke."], id="titles"),
        pytest.param(["J. R. R. Tolkien wrote it.", "It sold."], id="initials"),
        pytest.param(["Pi is 3.14159 or so.", "It goes on."], id="decimals"),
        pytest.param(["See Fig. 3 and No. 5 below.", "No.", "That is all."], id="numbered"),
        pytest.param(["He lives in the U.S. Army base.", "She left the U.S.", "The end."], id="countries"),
        pytest.param(["It opened at 9 a.m. on Friday.", "It shut at 5 p.m.", "Then it rained."], id="times"),
        pytest.param(["Apple Inc. was founded in 1976.", "It grew."], id="companies"),
        pytest.param(['He said "I came. I saw." and left.', "She stayed."], id="straight-quotes"),
        pytest.param(["“It is late. Go home.” was all.", "She went."], id="curly-quotes"),
        pytest.param(['A pipe of 12" was laid.', 'Then one of 14" was.'], id="inches"),
        pytest.param(["It rose (see Fig. 2. It shows this.) again.", "It fell."], id="brackets"),
        pytest.param(["Is it so?", "Yes!", "Well..."], id="marks"),
        pytest.param(["Wait ... for it.", "Go."], id="ellipsis-within"),
        pytest.param(["1. The first item stands here.", "2. The second."], id="list-numbers"),
        pytest.param(["It began in 1990.", "The war ended in 95.", "Peace came."], id="numbers-end"),
        pytest.param(["Am 3. Oktober 1990 war es so.", "Das gilt z. B. heute."], id="german"),
        pytest.param(["¿Qué es esto?", "Es la miel."], id="spanish"),
        pytest.param(["هل هذا صحيح؟", "نعم."], id="arabic"),
        pytest.param(["यह वाक्य है।", "दूसरा वाक्य।"], id="hindi"),
    ],
)
def test_sentences_are_found(expected: list[str]) -> None:
    """Sentences end where a reader says they do."""
    assert expected == sentences(" ".join(expected))


def test_chinese_and_japanese_need_no_spaces() -> None:
    """Full-width stops end sentences without a space; a quotation that goes on does not."""
    expected = ["蜜蜂会跳舞。", "它们交流！", "「行こう。」と彼は言った。", "本当？"]

    assert expected == sentences("".join(expected))


def test_an_open_quotation_does_not_swallow_the_rest() -> None:
    """A quotation mark that is never closed holds nothing together."""
    assert sentences("He said “come here. She came. They left.") == ["He said “come here.", "She came.", "They left."]


@given(st.text(alphabet=st.sampled_from("Aa1 .!?…。(“”\")'「」;\nDr\u00a0"), max_size=200))
def test_no_text_is_lost(text: str) -> None:
    """Sentences are in order, do not overlap, and hold every visible character."""
    spans = split(text)

    assert all(begin < end for begin, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert "".join(text.split()) == "".join("".join(text[begin:end] for begin, end in spans).split())


@given(st.lists(st.sampled_from(["The cat sat.", "It rained in Rome!", "Was it so?", "Mr. Fox ran."]), max_size=20))
def test_plain_sentences_come_back_whole(expected: list[str]) -> None:
    """Ordinary sentences joined by spaces are split where they were joined."""
    assert expected == sentences(" ".join(expected))


def test_a_long_paragraph_is_split_in_one_pass() -> None:
    """A hundred thousand open brackets and stops are no trouble."""
    text = "(A b. " * 100_000

    assert len(split(text)) > 1
