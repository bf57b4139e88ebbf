"""What the check of words lets through, and every way in which it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dossier import Dossier
from podmill.scripting.by_model.support import Support, talk_of
from tests.dossiers import of_passages

FACTS = of_passages(
    "The Moon is the main cause of the tides. Most coasts have two high tides each day.",
    "A plant at the Rance in France has 24 turbines and delivers 240 MW. The estuary is not deep.",
    "The tide at Fundy rises by sixteen meters.",
    title="The Book of Tides",
)
SUPPORT = Support(FACTS, "en", ["Tides", "Joe", "Kit"])


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("The main cause of the tides is the Moon.", ["f1"]),
        ("So most coasts see high tides two times each day.", ["f2"]),
        ("In France, at the Rance, a plant with 24 turbines delivers 240 MW.", ["f3"]),
        ("It has twenty-four turbines, that plant in France.", ["f3"]),
        ("At Fundy the tide rises by 16 meters.", ["f5"]),
        ("According to The Book of Tides, the Moon is the main cause of tides.", ["f1"]),
        ("The estuary isn't deep.", ["f4"]),
        ("Hello and welcome, I am Joe.", []),
        ("Kit, can you tell us why that is?", []),
        ("Fascinating.", []),
        ("They've two high tides each day, most coasts.", ["f2"]),
        ("Thank you for listening, and goodbye.", []),
    ],
)
def test_what_may_be_said(text: str, facts: list[str]) -> None:
    """Facts in other words and another order, numbers in either form, greetings, questions and reactions."""
    assert SUPPORT.fault(text, facts) is None


@pytest.mark.parametrize(
    ("text", "facts", "why"),
    [
        ("The Moon is the main cause of the tides.", ["f9"], "not a fact"),
        ("Most coasts have three high tides each day.", ["f2"], "number 'three'"),
        ("The plant in France has 25 turbines and delivers 240 MW.", ["f3"], "number"),
        ("At Fundy the tide rises by 61 meters.", ["f5"], "number"),
        ("A plant at the Severn in France has 24 turbines.", ["f3"], "'Severn'"),
        ("Zorblatt says that the Moon is the main cause of the tides.", ["f1"], "'Zorblatt'"),
        ("The Moon is not the main cause of the tides.", ["f1"], "denies"),
        ("The estuary is deep.", ["f4"], "what its facts deny"),
        ("The Moon pulls sailors towards bright cities with magnets.", ["f1"], "not what its facts say"),
        ("Tides are caused by whales.", [], "names no fact"),
        ("There are 24 of them.", [], "number"),
        ("As Galileo wrote, it is so.", [], "'Galileo'"),
        ("So enormous whales circle beneath harbours.", [], "names no fact"),
        ("Did you know that there are 99 moons?", [], "number"),
        (" ".join(["and"] * 60), [], "says much"),
    ],
)
def test_what_may_not(text: str, facts: list[str], why: str) -> None:
    """A number, a name or a claim that the facts do not have, a statement turned round, facts that are not there."""
    fault = SUPPORT.fault(text, facts)

    assert fault
    assert why in fault


def test_unsupported_facts_cannot_be_cited() -> None:
    """A claim that research marked counts as one that is not there."""
    marked = FACTS.model_copy(
        update={"facts": tuple(fact.model_copy(update={"supported": fact.id != "f1"}) for fact in FACTS.facts)}
    )

    assert Support(marked, "en", []).fault("The Moon is the main cause of the tides.", ["f1"])


DOUBTFUL = FACTS.facts[0].model_copy(
    update={"id": "f9", "text": "Most coasts banned high tides each day in law.", "supported": False}
)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("High tides were banned by law on most coasts.", ["f2"]),
        ("Most coasts banned high tides each day.", ["f2", "f1"]),
        ("Have you heard that most coasts banned high tides by law?", []),
        ("Each day the law on most coasts banned high tides.", []),
    ],
)
def test_a_claim_without_support_is_found_again(text: str, facts: list[str]) -> None:
    """Also where a line is mostly made of the words of a fact that it names, or is a question."""
    wary = Support(FACTS.model_copy(update={"facts": (*FACTS.facts, DOUBTFUL)}), "en", ["Tides", "Joe", "Kit"])

    assert wary.fault(text, facts) == "makes a claim that no source bears out"
    assert wary.fault("Most coasts have two high tides each day.", ["f2"]) is None
    assert wary.fault("So most coasts see high tides two times each day.", ["f2"]) is None


TALK = {
    "en": ("A tide mill uses the sea. Millers worked at night.", "Tide mills"),
    "de": ("Eine Gezeitenmühle nutzt das Meer. Die Müller arbeiteten nachts.", "Gezeitenmühlen"),
    "es": ("Un molino de mareas usa el mar. Los molineros trabajaban de noche.", "Molinos de mareas"),
    "pt": ("Um moinho de maré usa o mar. Os moleiros trabalhavam de noite.", "Moinhos de maré"),
    "ja": ("潮汐水車は海で動く水車である。", "潮汐水車"),
    "zh": ("潮汐磨坊利用海水推动水轮。", "潮汐磨坊"),
    "fi": ("Vuorovesimylly käyttää meren voimaa.", "Vuorovesimyllyt"),
}


@pytest.mark.parametrize(
    ("language", "text", "may"),
    [
        ("en", "Hang on, back up a second.", True),
        ("en", "Let us turn to the millers.", True),
        ("en", "Pirates destroyed the mills.", False),
        ("de", "Das klingt wirklich spannend, erzähl weiter.", True),
        ("de", "Die Müller wurden von Räubern vertrieben.", False),
        ("es", "Pasemos ahora a los molineros.", True),
        ("es", "Los molineros fueron expulsados por piratas.", False),
        ("pt", "Muito obrigado por ouvir, até a próxima.", True),
        ("pt", "Os moleiros foram expulsos por piratas.", False),
        ("ja", "皆さん、こんにちは。今日は潮汐水車についてお話しします。", True),
        ("ja", "お聞きいただきありがとうございました。それではまた次回。", True),
        ("ja", "潮汐水車は宇宙人が作りました。", False),
        ("zh", "大家好，欢迎收听我们的节目。今天我们聊聊潮汐磨坊。", True),
        ("zh", "潮汐磨坊是外星人建造的秘密基地。", False),
        ("fi", "Tervetuloa kuuntelemaan ohjelmaamme.", True),
        ("fi", "Vuorovesimyllyt rakensi aikoinaan merirosvo kaukana pohjoisessa.", False),
        ("fi", "Miten vuorovesimyllyt toimivat?", True),
    ],
)
def test_talk_in_many_languages(language: str, text: str, may: bool) -> None:
    """What only greets, leads over or reacts may be said; what states something must name a fact."""
    facts, topic = TALK[language]
    support = Support(of_passages(facts).model_copy(update={"language": language}), language, [topic])

    assert (support.fault(text, []) is None) is may


@given(st.integers(2, 10**9), st.sampled_from(FACTS.facts))
def test_no_number_is_invented(number: int, fact: object) -> None:
    """Whatever number is put into a fact's own sentence, it is found, unless the fact has it."""
    text = f"{fact.text.rstrip('.')} {number:,}."  # type: ignore[attr-defined]
    fault = SUPPORT.fault(text, [fact.id])  # type: ignore[attr-defined]

    assert (fault is None) == (SUPPORT.numbers(f"{number:,}") <= SUPPORT.numbers(fact.text))  # type: ignore[attr-defined]


@given(st.text(max_size=300), st.lists(st.sampled_from(["f1", "f2", "f9", ""]), max_size=4))
def test_nothing_breaks_it(text: str, facts: list[str]) -> None:
    """Any text gets an answer."""
    SUPPORT.fault(text, facts)


GERMAN = Dossier.model_validate(
    of_passages("Der Mond ist die Ursache der Gezeiten. Es gibt zwei Fluten am Tag.").model_dump() | {"language": "de"}
)


def test_other_languages() -> None:
    """German nouns are no names; its number words are numbers; a translation is held to the numbers alone."""
    german = Support(GERMAN, "de", [])
    assert german.fault("Die Ursache der Gezeiten ist der Mond.", ["f1"]) is None
    assert german.fault("Es gibt drei Fluten am Tag.", ["f2"])
    assert german.fault("Der Mond ist nicht die Ursache der Gezeiten.", ["f1"])

    translated = Support(FACTS, "de", [])
    assert translated.fault("Ein Werk hat 24 Turbinen und liefert 240 MW.", ["f3"]) is None
    assert translated.fault("Die Flut steigt um sechzehn Meter.", ["f5"]) is None
    assert translated.fault("Die Flut steigt um siebzehn Meter.", ["f5"])


def test_wide_languages() -> None:
    """Without spaces the characters are compared: what is said of something else is found."""
    dossier = of_passages("月亮是潮汐的主要原因。").model_copy(update={"language": "zh"})
    support = Support(dossier, "zh", [])

    assert support.fault("潮汐的主要原因是月亮。", ["f1"]) is None
    assert support.fault("鲸鱼在港口里游泳唱歌跳舞。", ["f1"])


def test_every_table_of_small_words_is_used() -> None:
    """Five languages have words that turn a statement round; one without a table has none, and still works."""
    assert all(talk_of(language).negations for language in ("en", "de-AT", "fr", "es", "it"))
    assert not talk_of("fi").negations
