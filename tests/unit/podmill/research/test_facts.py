"""From readings to facts."""

import pytest

from podmill.errors import SourceError
from podmill.research.facts import FACTS_MAX, PASSAGE_MAX_CHARS, find_facts
from podmill.research.readers import Paragraph, Reading

BEES = Reading(
    (
        Paragraph("Honey bees live in colonies of many workers. A colony has one queen only.", "line 3", "Bees"),
        Paragraph("The waggle dance tells where food is. The dance was decoded in 1944.", "line 5", "The dance"),
        Paragraph("Scout bees search for hollow trees of forty litres. A scout dances for its site.", "line 7", "Home"),
        Paragraph("Swarms of honey bees choose a new home by a quorum of scouts.", "line 9", "Home"),
        Paragraph("Workers build combs of wax in the new home of the swarm.", "line 11", "Home"),
        Paragraph("Memory foam mattresses come with free delivery this autumn.", "line 13", "Offers"),
        Paragraph("Seeley wrote about democracy among honey bees in 2010.", "line 15", "References"),
    ),
    title="How bees decide",
)
STEAM = Reading(
    (
        Paragraph("James Watt improved the steam engine with a separate condenser.", "page 1"),
        Paragraph("A locomotive burns coal under its boiler to raise steam.", "page 2"),
    ),
    title="Steam power",
)


def test_facts_are_verbatim_and_placed() -> None:
    """Each fact is in its passage word for word, with heading and location, in reading order."""
    found = find_facts([("s1", BEES)], "How honey bees find a home", "en")

    assert [fact.id for fact in found.facts] == [f"f{n}" for n in range(1, len(found.facts) + 1)]
    for fact in found.facts:
        paragraph = next(one for one in BEES.paragraphs if one.location == fact.location)
        assert fact.text in fact.passage
        assert fact.passage == paragraph.text
        assert fact.heading == paragraph.heading
        assert 0 < fact.relevance <= 1


@pytest.mark.parametrize("topic", ["How honey bees find a home", None])
def test_what_stands_apart_is_dropped(topic: str | None) -> None:
    """An advertisement in a document on topic goes, and so do references."""
    found = find_facts([("s1", BEES)], topic, "en")

    text = " ".join(fact.text for fact in found.facts)
    assert "mattress" not in text
    assert "Seeley" not in text
    assert "waggle dance" in text
    assert found.off_topic_dropped == 1


def test_a_source_off_topic_is_dropped_whole() -> None:
    """Of two sources only the one on topic is used."""
    found = find_facts([("s1", STEAM), ("s2", BEES)], "honey bees", "en")

    assert {fact.source_id for fact in found.facts} == {"s2"}
    assert found.off_topic_dropped == 3


def test_nothing_on_topic_is_an_error() -> None:
    """When no source is about the topic, the topic is named."""
    with pytest.raises(SourceError, match="'The French Revolution'") as caught:
        find_facts([("s1", STEAM), ("s2", BEES)], "The French Revolution", "en")
    assert "title" in caught.value.action


def test_no_statement_is_an_error() -> None:
    """Questions and fragments make no episode."""
    with pytest.raises(SourceError, match="no statement"):
        find_facts([("s1", Reading((Paragraph("What is this? A list.", "line 1"),)))], None, "en")


def test_the_same_fact_in_two_sources_is_merged() -> None:
    """One fact, cited from both."""
    other = Reading((Paragraph("In 1944 the dance was decoded.", "page 1"),), title="The dance of bees")
    found = find_facts([("s1", BEES), ("s2", other)], None, "en")

    decoded = [fact for fact in found.facts if "decoded" in fact.text]
    assert [(fact.source_id, fact.also_in) for fact in decoded] == [("s1", ("s2",))]
    assert found.duplicates_merged == 1


def test_the_number_of_facts_is_bounded() -> None:
    """The most relevant of very many facts are kept, in reading order, the same each time."""
    paragraphs = tuple(
        Paragraph(f"Honey bees of hive number {n} carry {n} grams of nectar home.", f"line {n}") for n in range(1, 1501)
    )
    found = find_facts([("s1", Reading(paragraphs, title="Honey bees"))], "honey bees", "en")

    lines = [int(fact.location.split()[1]) for fact in found.facts]
    assert len(found.facts) == FACTS_MAX
    assert lines == sorted(lines)
    assert found == find_facts([("s1", Reading(paragraphs, title="Honey bees"))], "honey bees", "en")


def test_a_passage_is_bounded() -> None:
    """Of an endless paragraph the passage is what is around the fact."""
    text = " ".join(f"Honey bees visit flower number {n} in the garden." for n in range(300))
    found = find_facts([("s1", Reading((Paragraph(text, "line 1"),), title="Honey bees"))], "honey bees", "en")

    assert all(fact.text in fact.passage and len(fact.passage) <= PASSAGE_MAX_CHARS for fact in found.facts)


@pytest.mark.parametrize(
    ("language", "topic", "text"),
    [
        (
            "de",
            "Die Sprache der Bienen",
            "Die Biene tanzt im dunklen Stock. Karl von Frisch las den Tanz der Bienen.",
        ),
        ("zh", "蜜蜂的舞蹈", "蜜蜂在黑暗的蜂巢里跳舞。舞蹈告诉同伴食物的方向。"),
        ("ru", "Танец пчёл", "Пчела танцует в тёмном улье. Танец пчелы показывает путь к пище."),
    ],
)
def test_languages(language: str, topic: str, text: str) -> None:
    """Topics are found in inflected and in unspaced languages."""
    found = find_facts([("s1", Reading((Paragraph(text, "line 1"),)))], topic, language)

    assert len(found.facts) == 2
