"""Dialogue: who speaks, and how headings sit in sentences."""

from podmill.scripting.outline import outline
from podmill.scripting.phrases import phrases_in
from podmill.scripting.turns import Conversation, common_words, in_sentence, listed
from tests.dossiers import CAST, of_examples, of_passages

BANK = phrases_in("en")


def conversation(dossier, speakers: int = 2) -> Conversation:
    talk = Conversation(CAST[:speakers], BANK, "tides", dossier.sources, "seed", common_words(dossier.facts, BANK))
    chapters = list(outline(dossier, BANK, 5).groups)
    talk.open()
    talk.tell(chapters)
    talk.close(chapters)
    return talk


def test_both_hosts_tell_facts() -> None:
    """Facts are not one host's alone, and nobody speaks more than four lines on end."""
    lines = conversation(of_examples("tides.md", topic="tides")).lines
    runs = "".join("A" if line.speaker == "S1" else "B" for line in lines)

    assert {line.speaker for line in lines if line.facts} == {"S1", "S2"}
    assert "AAAAA" not in runs
    assert "BBBBB" not in runs


def test_a_host_alone_asks_nobody() -> None:
    """With a cast of one there are no questions and no second greeting."""
    lines = conversation(of_examples("tides.md", topic="tides"), speakers=1).lines

    assert {line.speaker for line in lines} == {"S1"}
    assert not any("?" in line.text for line in lines)


def test_a_heading_that_asks_is_asked() -> None:
    """A question as a heading is put as one."""
    dossier = of_passages("The Moon pulls on the water of the sea.", headings=("What moves the sea?",))

    assert any(line.text.endswith("What moves the sea?") for line in conversation(dossier).lines)


def test_a_heading_that_does_not_fit_after_about_is_called() -> None:
    """ "From oil to power" is the name of a part, and is not talked about."""
    dossier = of_passages("The Moon pulls on the water of the sea.", headings=("From oil to power",))
    glue = [line.text for line in conversation(dossier).lines if not line.facts and "From oil to power" in line.text]

    assert glue
    assert not any("about From" in text for text in glue[:-1])


def test_in_sentence() -> None:
    """A heading loses its end mark, and its capital only where the word is no name."""
    assert in_sentence("The Moon.", {"the"}) == "the Moon"
    assert in_sentence("Moon  landing", {"the"}) == "Moon landing"
    assert in_sentence("NASA today", {"nasa"}) == "NASA today"


def test_listed() -> None:
    """Lists as they are said."""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
