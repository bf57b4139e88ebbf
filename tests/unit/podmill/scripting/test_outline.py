"""Choosing facts and making chapters of them."""

from podmill.scripting.outline import outline
from podmill.scripting.phrases import phrases_in
from tests.dossiers import of_examples, of_passages

BANK = phrases_in("en")


def texts(dossier, minutes: float = 5) -> list[list[str]]:
    plan = outline(dossier, BANK, minutes)
    return [[fact.text for fact in unit.facts] for group in plan.groups for unit in group.units]


def test_a_sentence_stays_with_the_one_it_leans_on() -> None:
    """It, these, "the machine" after "a machine": told after the sentence before, never without."""
    told = texts(
        of_passages(
            "An old tower stands on the rock. It was built of stone blocks. The rock is hard to reach.",
            "A lamp was put on top of it. The lamp burned oil all night long.",
        )
    )

    assert told == [
        ["An old tower stands on the rock.", "It was built of stone blocks."],
        ["The rock is hard to reach."],
        ["A lamp was put on top of it.", "The lamp burned oil all night long."],
    ]


def test_a_sentence_whose_support_is_missing_is_left_out() -> None:
    """The dossier lacks the sentence before: what leans on it is not told."""
    whole = of_passages("An old tower stands on the rock. It was built of stone blocks.")
    gap = whole.model_copy(update={"facts": whole.facts[1:]})

    assert texts(gap) == []


def test_what_is_not_for_ears_is_left_out() -> None:
    """Questions, the author's "we", pointers into the page, captions and code are not told."""
    told = texts(
        of_passages(
            "What is a tide? We love tides, as you know. As shown above, tides rise. See table 3 for tides now. A tide."
        )
    )

    assert told == []


def test_chapters_follow_the_headings() -> None:
    """A group for each heading, in reading order."""
    plan = outline(of_examples("tides.md", topic="tides"), BANK, 5)

    assert [group.title for group in plan.groups] == [
        "The pull of the Moon",
        "How the Sun helps",
        "The shape of the coast",
        "Using the tides",
        "A slow brake",
    ]


def test_a_text_without_headings_still_gets_chapters() -> None:
    """One source, no headings: cut between passages into three, the later ones named after their words."""
    plan = outline(
        of_passages(
            "The harbor of the town is deep and safe. Ships from the harbor sail to the north.",
            "Fishing boats leave before sunrise every day. Fishing has fed the town for ages.",
            "Storms come from the west in the winter. Storms have broken the wall two times.",
            "Summer brings many guests to the beaches. Guests stay in small hotels near the beaches.",
        ),
        BANK,
        5,
    )
    titles = [group.title for group in plan.groups]

    assert len(plan.groups) == 3
    assert titles[0] == "The Book"
    assert len(set(titles)) == 3


def test_words_that_come_once_name_no_chapter() -> None:
    """Where no word tells what a part is about, it is no chapter of its own."""
    plan = outline(
        of_passages(
            "Coffee came to the town in the spring of that year. It was sold for a penny a cup.",
            "The king forbade it because he feared the talk. Captains met there because it was warm.",
        ),
        BANK,
        5,
    )

    assert [group.title for group in plan.groups] == ["The Book"]


def test_the_best_units_come_first_and_all_come() -> None:
    """The ranking holds every unit once; with few of them the chapters shrink, and stay in reading order."""
    plan = outline(of_examples("lighthouses.md", "tides.md", topic="tides"), BANK, 2)
    every = [unit for group in plan.groups for unit in group.units]

    assert {id(unit) for unit in plan.ranked} == {id(unit) for unit in every}
    assert len(plan.ranked) == len(every)
    assert sum(len(group.units) for group in plan.chapters(4)) == 4
    order = [group.title for group in plan.groups]
    assert [group.title for group in plan.chapters(6)] == sorted(
        (group.title for group in plan.chapters(6)), key=order.index
    )


def test_every_source_has_its_turn() -> None:
    """In a short episode of two sources, both are heard."""
    plan = outline(of_examples("lighthouses.md", "tides.md", topic="lighthouses"), BANK, 2)
    sources = {unit.facts[0].source_id for group in plan.chapters(6) for unit in group.units}

    assert sources == {"s1", "s2"}
