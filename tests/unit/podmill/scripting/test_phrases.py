"""The bank of phrases."""

import re

import pytest

from podmill.scripting.phrases import languages, phrases_in, words_of


@pytest.mark.parametrize("language", languages())
def test_every_phrase_can_be_heard(language: str) -> None:
    """No digit, no symbol, and placeholders that are filled in."""
    bank = phrases_in(language)
    for table in ("opening", "closing", "chapter", "turn"):
        for phrases in bank.tables[table].values():
            for phrase in [phrases] if isinstance(phrases, str) else phrases:
                bare = re.sub(r"\{(name|topic|heading|headings|documents|titles?)\}", "", phrase)
                assert re.fullmatch(r"[\w .,?']+", bare), phrase
                assert not re.search(r"\d", bare), phrase


@pytest.mark.parametrize("language", languages())
def test_no_phrase_is_there_twice(language: str) -> None:
    """Kinds of phrase that may meet in one episode share none."""
    tables = phrases_in(language).tables
    for alone in (False, True):
        said = [
            phrase
            for table in ("opening", "chapter", "turn", "closing")
            for kind, phrases in tables[table].items()
            if isinstance(phrases, list) and kind.endswith("alone") == alone
            for phrase in phrases
        ]
        assert len(said) == len(set(said))


def test_order_depends_on_the_seed_alone() -> None:
    """The same seed gives the same order, another one another."""
    bank = phrases_in("en-US")

    assert bank.shuffled("turn", "ask", "a") == bank.shuffled("turn", "ask", "a")
    assert bank.shuffled("turn", "ask", "a") != bank.shuffled("turn", "ask", "b")
    assert sorted(bank.shuffled("turn", "ask", "a")) == sorted(bank.all("turn", "ask"))


def test_words_of() -> None:
    """Words without case and punctuation; an apostrophe belongs to its word."""
    assert words_of("It\u2019s the U.S., isn't it?") == ["it's", "the", "u", "s", "isn't", "it"]
