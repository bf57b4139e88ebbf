"""Which sentences can be told."""

import pytest

from podmill.research.statements import is_appendix, statements


def kept(paragraph: str, language: str = "en") -> list[str]:
    return [paragraph[begin:end] for begin, end in statements(paragraph, language)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Honey bees live in colonies of many workers.",
        "There are 20,000 known species of bees.",
        "It is estimated that bees visit two million flowers.",
        "Those who keep bees are called apiarists.",
        "Seas have risen by 0.8 °C since 1900, says Dr. Hughes et al. (2017).",
        "Cookies are baked at 180 degrees.",
        "World War I began in 1914 in Europe.",
        "“Bees dance,” the scientist wrote in 1944.",
        "The site https://example.org/a/b/c holds all the data.",
        "Scouts search for cavities that are forty litres",
    ],
)
def test_statements_are_kept(sentence: str) -> None:
    """A whole sentence that says something stays."""
    assert [sentence] == kept(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "What do the scouts do all day?",
        "Good nest sites",
        "Subscribe to our newsletter for more bees.",
        "This website uses cookies to improve your visit.",
        "Copyright 2024 Bee House, all rights reserved.",
        "It was built in 1889 by an engineer.",
        "However, the code differs between species.",
        "I think bees are the best insects.",
        "We found that the bees were gone.",
        "a = b + c; d = {1: 2, 3: 4}; f(x) != g(y).",
        "BUY ONE AND GET ONE FOR FREE.",
        "and then the rest of a broken sentence.",
        "Bees dance.",
        "See the book for details of the experiments.",
        "Long " + "and long " * 60 + "sentence.",
    ],
)
def test_what_cannot_be_told_is_left_out(sentence: str) -> None:
    """Questions, fragments, boilerplate, code and sentences that lean on nothing are left out."""
    assert kept(sentence) == []


def test_a_leaning_sentence_joins_the_one_before() -> None:
    """A sentence that begins with a pronoun stays with the statement it leans on, verbatim."""
    text = "A colony has one queen only. She lays many eggs a day. Drones do no work at all."

    assert kept(text) == ["A colony has one queen only. She lays many eggs a day.", "Drones do no work at all."]


def test_a_leaning_sentence_after_a_gap_is_left_out() -> None:
    """Nothing leans on a question or a slogan."""
    assert kept("What is a queen for? She lays many eggs a day.") == []


def test_languages() -> None:
    """German pronouns lean too; Chinese and Thai need neither spaces nor full stops."""
    assert kept("Die Biene ist ein Insekt. Sie lebt in einem Staat.", "de") == [
        "Die Biene ist ein Insekt. Sie lebt in einem Staat."
    ]
    assert kept("蜜蜂通过舞蹈告诉同伴食物的位置。", "zh") == ["蜜蜂通过舞蹈告诉同伴食物的位置。"]
    assert kept("ผึ้งเป็นแมลงที่อาศัยอยู่เป็นกลุ่ม", "th") == ["ผึ้งเป็นแมลงที่อาศัยอยู่เป็นกลุ่ม"]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("References", True), ("7. Further reading", True), ("Sources of honey", False), (None, False)],
)
def test_appendices(heading: str | None, expected: bool) -> None:
    """References and links are no content, but a chapter about sources is."""
    assert expected == is_appendix(heading)
