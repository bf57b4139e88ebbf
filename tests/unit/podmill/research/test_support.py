"""Which passages bear a claim out by their words."""

import pytest

from podmill.research.readers import Paragraph, Reading
from podmill.research.support import Passages, agrees, holds

PAGE = Reading(
    (
        Paragraph(
            "Eling Tide Mill in Hampshire is one of two working tide mills in the United Kingdom. A mill at Eling is"
            " recorded in the Domesday Book of 1086. It was rebuilt after a storm in 1785.",
            "paragraph 1",
        ),
        Paragraph(
            "The mill at Woodbridge did not burn down in 1957. Visitors may see its 4 pairs of stones.", "paragraph 2"
        ),
    )
)


@pytest.mark.parametrize(
    ("claim", "borne_out"),
    [
        ("A mill at Eling is recorded in the Domesday Book of 1086.", True),
        ("The Domesday Book of 1086 records a mill at Eling.", True),
        ("A mill at Eling is recorded in the Domesday Book of 1087.", False),
        ("A mill at Eling is not recorded in the Domesday Book of 1086.", False),
        ("The mill at Woodbridge burned down in 1957.", False),
        ("The mill at Woodbridge did not burn down in 1957.", True),
        ("Visitors may see its 40 pairs of stones.", False),
        ("Eling Tide Mill in Hampshire is the largest of two hundred working tide mills in Europe.", False),
        ("Eling Tide Mill grinds flour for all bakeries of Hampshire and of the United Kingdom.", False),
        ("Penguins live in the Antarctic and swim well.", False),
        ("Mill.", False),
    ],
)
def test_a_claim_and_a_page(claim: str, borne_out: bool):
    """Its words, all of its numbers, and its negation must be in a few sentences of the page."""
    matches = Passages([PAGE]).best(claim, (0,), 3)

    assert (bool(matches) and matches[0].bears_out) is borne_out


def test_the_shortest_passage_that_bears_it_out_is_the_quote():
    """Not the whole paragraph: the sentence."""
    best = Passages([PAGE]).best("A mill at Eling is recorded in the Domesday Book of 1086.", (0,), 1)[0]

    assert best.passage.text == "A mill at Eling is recorded in the Domesday Book of 1086."
    assert best.passage.location == "paragraph 1"


def test_two_sentences_may_bear_it_out_together():
    """A passage is up to three sentences."""
    claim = "The mill at Eling that is recorded in the Domesday Book of 1086 was rebuilt after a storm in 1785."

    assert Passages([PAGE]).best(claim, (0,), 1)[0].bears_out


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("recorded in the «Domesday» Book", True),
        ("Recorded IN the domesday book", True),
        ("recorded the book", False),
        ("", False),
        ("...", False),
    ],
)
def test_a_quote_is_held_word_for_word(quote: str, found: bool):
    """Marks and letter case aside."""
    assert holds(quote, PAGE.paragraphs[0].text) is found


@pytest.mark.parametrize(
    ("claim", "agreed"),
    [("Es waren 1.086 im Jahr 1785", False), ("Im Jahr 1785", True), ("Im Jahr 1786", False), ("Nie", True)],
)
def test_numbers_agree_across_languages(claim: str, agreed: bool):
    """Digits are digits."""
    assert agrees(claim, PAGE.paragraphs[0].text) is agreed
