"""Names in two spellings: what was said for them and what a transcriber writes."""

import pytest

from podmill.verification.align import Token
from podmill.verification.metrics import score
from podmill.verification.names import proper, respellings
from podmill.verification.normalize import words

NAMES = respellings({"Nguyen": "win", "Siobhan": "shivawn", "Tchaikovsky": "chai koff skee", "Goethe": "gurta"}, "en")


def errors(said: str, heard: str) -> int:
    (line,) = score([(0, words(said, "en"))], [Token(text, 0) for text in words(heard, "en")], NAMES)
    return line.errors


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("So win wrote it.", "So Nguyen wrote it."),
        ("So win wrote it.", "So win wrote it."),
        ("So win's book sold.", "So Nguyen's book sold."),
        ("By chai koff skee, in May.", "By Tchaikovsky, in May."),
        ("By chai koff skee, in May.", "By Chai Koxki, in May."),
        ("He met gurta there.", "He met Gurdo there."),
        ("Today shivawn win leads.", "Today Siobhan Nguyen leads."),
    ],
)
def test_either_spelling_is_right(said: str, heard: str) -> None:
    """The respelling, the name itself, and what sounds like them; genitives and neighbours that are names, too."""
    assert errors(said, heard) == 0


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [
        ("So win wrote it.", "So Texas wrote it.", 1),
        ("So win wrote it.", "So wrote it.", 1),
        ("So win wrote it.", "So Nguyen read it.", 1),
        ("So win wrote a long book.", "So Nguyen Nguyen wrote along book.", 2),
        ("So he wrote to her.", "So Nguyen wrote to her.", 1),
        ("By chai koff skee, in May.", "By May.", 4),
    ],
)
def test_other_words_are_not(said: str, heard: str, count: int) -> None:
    """A name that was not said, or another one, is an error; so is a name where none was to be said."""
    assert errors(said, heard) == count


def test_without_respellings_nothing_is_forgiven() -> None:
    """A script without a list of names is compared word for word."""
    (line,) = score([(0, ["so", "win", "wrote"])], [Token(text, 0) for text in ("so", "when", "wrote")])
    assert line.errors == 1


def test_names_are_told_by_their_capitals():
    """Within a sentence, or before such a word; not what is also written small, nor the first word of a sentence."""
    lines = ["Ada Lovelace wrote it for Mark. The mark was never paid.", "Today it rains."]

    assert {name.written for name in proper(lines, "en")} == {"ada", "lovelace"}
    assert proper(lines, "de") == ()


def test_a_capital_is_one_in_every_alphabet():
    """A small letter beyond English is none, and does not make a name of the word before it."""
    assert proper(["Сегодня мы дома."], "ru") == ()
    assert proper(["Cet été, il pleut."], "fr") == ()
    assert {name.written for name in proper(["Сегодня Анна дома."], "ru")} == {"сегодня", "анна"}
