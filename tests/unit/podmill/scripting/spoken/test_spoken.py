"""The spoken form as a whole: what holds for every text, and what every kind of writing becomes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import CONVERTER_CLASSES

from podmill.scripting.spoken import to_spoken

FORBIDDEN = set('$£€%&+=°/\\<>@#*_`|()[]{}"\n~^')
WRITING = (
    "1 2 0 12 1998 3.5 1,000 $ £ € % & + = ° ² ½ × → / : . , - – — ( ) [ ] # * _ ` | < > @ ' \" a.m. pm Dr. St. U.S. "
    "e.g. No. API NASA MP3 IV King Henry World War May Nov 2026-11-21 14:30 km/h m s example.com https://x.io/a 😀 "
    "me@x.org &amp; &lt; b> ~~~ ``` --- 1st 80s million US$ +1 555 Ⅳ ① ٣ é ß 日本 । II"
)
FRAGMENTS = WRITING.split()
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*FRAGMENTS, "\n", "\n\n", "\t", "\u200d"]) | st.text(max_size=3), max_size=20).map(
        "".join
    ),
    st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(" ".join),
)


@pytest.mark.parametrize("language", ["en", "en-GB", "de", "fr", "es", "it", "pt_BR", "ja", "ru"])
@settings(max_examples=60, deadline=None)
@given(text=texts)
def test_any_text_can_be_said(language: str, text: str) -> None:
    """Whatever is written: no error, no digit, no symbol, and saying it again changes nothing."""
    spoken = to_spoken(text, language)

    assert not [character for character in spoken if character.isdigit()]
    assert not FORBIDDEN & set(spoken)
    assert to_spoken(spoken, language) == spoken


@pytest.mark.parametrize("language", ["", "xx", "zh", "../../etc", "not a language"])
@settings(max_examples=30, deadline=None)
@given(text=texts)
def test_unknown_language_keeps_its_numbers(language: str, text: str) -> None:
    """A language nobody counts in here keeps digits, loses symbols, and fails at nothing."""
    spoken = to_spoken(text, language)

    assert not FORBIDDEN & set(spoken)
    assert to_spoken(spoken, language) == spoken


@pytest.mark.parametrize("language", sorted(CONVERTER_CLASSES))
@pytest.mark.parametrize("digits", ["7", "1998", "12345678", "999999999999999", "1" * 40])
def test_every_language_ends_a_number(language: str, digits: str) -> None:
    """A number of any length ends, in every language that num2words claims: some of them never return."""
    assert to_spoken(digits, language)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "1",
            "1,",
            "123,",
            "1-",
            "a@",
            "a.",
            "(",
            ")",
            "[",
            "[a](",
            "<",
            "`",
            "```\n",
            "|",
            "1/",
            "$1",
            "'",
            " ",
            "\n",
        ),
        *("&amp;", "1 November ", "AB ", "A.", "+1 ", "(555) ", "<!--", "<script>", "½", "😀", "Henry I", "1 m", "#"),
        *("http://a.", "?!", "A B ", "é", "\t\n", "| a ", "- "),
    ],
)
def test_hostile_text_ends(pattern: str) -> None:
    """Twenty thousand characters made to send a pattern astray are said like any other."""
    spoken = to_spoken((pattern * 20_000)[:20_000], "en")

    assert not [character for character in spoken if character.isdigit()]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://www.example.com/podcasts", "example dot com slash podcasts"),
        ("See example.org/a/b/c?x=1.", "See example dot org."),
        ("joe.smith@example.com", "joe dot smith at example dot com"),
        ("It cost $4.7 million.", "It cost four point seven million dollars."),
        ("£3.50", "three pounds and fifty pence"),
        ("€1,200", "one thousand two hundred euros"),
        ("US$5bn", "five billion U S dollars"),
        ("$1.01 and $0.99", "one dollar and one cent and ninety-nine cents"),
        ("in 1998", "in nineteen ninety-eight"),
        ("in 1905, 2000 and 2026", "in nineteen oh five, two thousand and twenty twenty-six"),
        ("1,998 people", "one thousand nine hundred and ninety-eight people"),
        ("the 1980s and '90s", "the nineteen eighties and nineties"),
        ("1914–1918", "nineteen fourteen to nineteen eighteen"),
        ("on 21 November 2026", "on November twenty-first, twenty twenty-six"),
        ("on Nov 21, 2026", "on November twenty-first, twenty twenty-six"),
        ("on 2026-11-21", "on November twenty-first, twenty twenty-six"),
        ("on 11/21/2026", "on November twenty-first, twenty twenty-six"),
        ("It is May 5. Then", "It is May fifth. Then"),
        ("at 14:30 or 9:05 or 3 pm", "at fourteen thirty or nine oh five or three P M"),
        ("at 3:45 p.m. It was", "at three forty-five P M. It was"),
        ("3-5 days", "three to five days"),
        ("2:1 and 16:9", "two to one and sixteen to nine"),
        ("2/3, 1/2 and 1 1/2", "two thirds, one half and one and one half"),
        ("1½ cups", "one and one half cups"),
        ("-5 °C to 20°C", "minus five degrees Celsius to twenty degrees Celsius"),
        ("20 km/h, 30 m² and 1 kg", "twenty kilometers per hour, thirty square meters and one kilogram"),
        ("2.4 GHz, 512 MB", "two point four gigahertz, five hundred and twelve megabytes"),
        ("a 3-day walk", "a three-day walk"),
        ("5 % & ± 3 → 4", "five percent and plus or minus three to four"),
        ("version 3.11.7", "version three point eleven point seven"),
        ("+1 555-123-4567", "plus one, five five five, one two three, four five six seven"),
        ("the 21st and 1,001st", "the twenty-first and one thousand and first"),
        ("007", "zero zero seven"),
        ("World War II, Henry VIII, Chapter IV", "World War two, Henry the eighth, Chapter four"),
        ("King George V", "King George the fifth"),
        ("e.g. this, i.e. that, etc. Next", "for example this, that is that, et cetera. Next"),
        ("Dr. Smith of the U.S. Army vs. No. 5", "Doctor Smith of the U S Army versus number five"),
        ("approx. 10", "approximately ten"),
        ("the API of NASA", "the A P I of Nasa"),
        ("MP3, H2O and COVID-19", "M P three, H two O and Covid nineteen"),
        ("THIS IS JUST LOUD", "this is just loud"),
        ("# Title\n\n- **bold** _item_\n- `code`", "Title. bold item. code."),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b. one, two."),
        ("Look:\n```\nx = 1\n```\nDone.", "Look: Done."),
        ("[link](http://x.com/yy) ![pic](a.png) <b>tag</b>", "link pic tag"),
        ("Yes 😀!", "Yes!"),
        ("He said “hello” (early)", "He said hello, early"),
    ],
)
def test_english(written: str, said: str) -> None:
    """Each kind of writing has words."""
    assert to_spoken(written, "en") == said


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("de", "Am 21. November 2026", "Am einundzwanzigste November zweitausendsechsundzwanzig"),
        ("de", "1.234,50 €", "eintausendzweihundertvierunddreißig Euro und fünfzig Cent"),
        ("de", "z. B. 3,5 km/h", "zum Beispiel drei Komma fünf Kilometer pro Stunde"),
        ("fr", "Le 21 novembre 2026", "Le vingt et un novembre deux mille vingt-six"),
        ("fr", "20 °C à 14:30", "vingt degrés Celsius à quatorze heures trente"),
        ("es", "21 de noviembre de 2026", "veintiuno de noviembre de dos mil veintiséis"),
        ("it", "5 kg & 3 %", "cinque chilogrammi e tre per cento"),
        ("ja", "12人", "十二 人"),
        ("zh", "它有 12 个 [测试] 和（好）。", "它有 12 个, 测试, 和, 好。"),
    ],
)
def test_other_languages(language: str, written: str, said: str) -> None:
    """Other languages count, date and pay in their own words."""
    assert to_spoken(written, language) == said


def test_plain_words_stay() -> None:
    """What can be said as it is written is not touched, in any script."""
    for text in ("A plain sentence, isn't it?", "Ça va, l'été?", "これは日本語です。", "यह हिन्दी है।", "Это русский."):
        assert to_spoken(text, "fr") == text
