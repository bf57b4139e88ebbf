"""Text as it is compared."""

import unicodedata
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podmill.verification.normalize import primary, words

SAME = [
    ("four point seven million dollars", "$4.7 million"),
    ("four point seven million dollars", "$4.7M"),
    ("one dollar and fifty cents", "$1.50"),
    ("twenty pounds", "£20"),
    ("five hundred dollars", "US$500"),
    ("nineteen ninety-eight", "1998"),
    ("nineteen oh five", "1905"),
    ("the nineteen nineties", "the 1990s"),
    ("two thousand and eight", "2008"),
    ("twenty twenty-six", "2026"),
    ("the twenty first", "the 21st"),
    ("March third, twenty twenty-six", "March 3, 2026"),
    ("January fifth", "Jan. 5"),
    ("three percent", "3%"),
    ("three per cent", "3 %"),
    ("one point five percent", "1.5%"),
    ("version two point oh", "version 2.0"),
    ("three point eleven point two", "3.11.2"),
    ("zero point five", "0.5"),
    ("point five", ".5"),
    ("at three o'clock", "at 3:00"),
    ("at half past two", "at 2:30"),
    ("quarter to one", "12:45"),
    ("quarter past three", "3:15"),
    ("four and a half percent", "4.5%"),
    ("two and a half million", "2.5 million"),
    ("a million and a half", "1.5 million"),
    ("an e-mail", "an email"),
    ("at three P M", "at 3:00 p.m."),
    ("two thirds", "2/3"),
    ("three and a half", "3½"),
    ("three and a half", "3 1/2"),
    ("five kilometres", "5 km"),
    ("fifty miles per hour", "50mph"),
    ("two hundred and fifty-six megabytes", "256 MB"),
    ("minus five degrees Celsius", "-5°C"),
    ("a hundred people", "100 people"),
    ("twelve thousand, four hundred and fifty", "12,450"),
    ("ten to fifteen", "10\u201315"),
    ("number five", "No. 5"),
    ("number five", "#5"),
    ("the C E O of the A P I", "the CEO of the API"),
    ("N.A.S.A.", "NASA"),
    ("A P Is", "APIs"),
    ("Doctor Smith versus Mister Jones", "Dr. Smith vs. Mr. Jones"),
    ("example dot com", "example.com"),
    ("C plus plus", "C++"),
    ("World War two", "World War II"),
    ("knead the flour with patience", "need the flower with patients"),
    ("salt and pepper", "salt & pepper"),
    ("the harbour's colour", "the harbors color"),
    ("it\u2019s won't", "it is will not"),
    ("okay, all right", "OK alright"),
    ("the [first] (second) box", "the first second box"),
]


@pytest.mark.parametrize(("spoken", "written"), SAME)
def test_spoken_and_written_english_are_the_same_words(spoken: str, written: str) -> None:
    """What a voice says and what Whisper writes for it come out equal."""
    assert words(spoken, "en") == words(written, "en-GB")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("five", "0.5"),
        ("four million", "one million"),
        ("three percent", "three"),
        ("fifteen", "fifty"),
        ("he can", "he can't"),
        ("twenty dollars", "twenty"),
    ],
)
def test_what_sounds_different_stays_different(one: str, other: str) -> None:
    """Normalizing does not hide what was said wrong."""
    assert words(one, "en") != words(other, "en")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("नमस्ते, दुनिया!", "hi", ["नमस्ते", "दुनिया"]),
        ("Привет, мир!", "ru", ["привет", "мир"]),
        ("مَرْحَبًا بالعالم", "ar", ["مرحبا", "بالعالم"]),
        ("你好\uff0c世界。", "zh", ["你", "好", "世", "界"]),
        ("ดีมาก", "th", ["ดี", "ม", "า", "ก"]),
        ("Größe STRASSE Straße", "de", ["grösse", "strasse", "strasse"]),
        ("C\u2019est l'été", "fr", ["cest", "lété"]),
        ("안녕하세요 세계", "ko", ["안녕하세요", "세계"]),
        ("İstanbul", "tr", ["istanbul"]),
        ("\uff21\uff22\uff23", "fi", ["abc"]),
    ],
)
def test_every_writing_system_keeps_its_words(text: str, language: str, expected: list[str]) -> None:
    """Letters and vowel signs stay, punctuation goes, scripts without spaces are taken by the character."""
    folded = [unicodedata.normalize("NFKC", word.casefold()) for word in expected]

    assert folded == words(text, language)


@pytest.mark.parametrize("text", ["Привет", "你好", "नमस्ते", "Hmm.", "สวัสดี", "Ω", "№ 5", "10", "$"])
def test_text_is_never_without_words_in_a_script_called_english(text: str) -> None:
    """A recording that says what it should is never compared with nothing."""
    assert words(text, "en")


def test_no_word_is_in_two_groups_of_homophones() -> None:
    """Else it would sound like one and be counted as the other."""
    listed = files("podmill.verification").joinpath("homophones.txt").read_text().split()

    assert len(listed) == len(set(listed))


@given(st.text(min_size=1, max_size=60), st.sampled_from(["en", "de", "hi", "ja", "th", "xx"]))
@example("9" * 6000, "en")
@example("9" * 6000, "de")
@example("1.2.3,4", "fr")
def test_text_with_a_letter_or_digit_has_words(text: str, language: str) -> None:
    """Whatever the characters, nothing raises, and what has a letter or a digit has words."""
    found = words(text, language)

    assert found or not any(unicodedata.category(char)[0] in "LN" for char in unicodedata.normalize("NFKC", text))
    assert all(word and not any(char.isspace() for char in word) for word in found)


NUMBER_WORDS = """
    zero oh one two nine ten eleven nineteen twenty ninety hundred thousand million trillion first third twentieth
    nineties hundreds millionth point and a half double triple minus dollars cents percent per cent $5 3.5 7% 12 £ .
    one's - 1/2 am o'clock
""".split()  # noqa: SIM905 - forty words read better than a list


@given(st.lists(st.sampled_from(NUMBER_WORDS), max_size=12))
def test_no_heap_of_number_words_breaks_english(heap: list[str]) -> None:
    """A transcriber may write nonsense; it is compared, not choked on."""
    words(" ".join(heap), "en")


@given(st.integers(0, 999_999))
def test_figures_and_their_names_are_the_same(number: int) -> None:
    """Any whole number, as figures and as a voice says it."""
    from num2words import num2words

    assert "".join(words(f"{number:,}", "en")) == "".join(words(num2words(number), "en"))


@pytest.mark.parametrize(("language", "expected"), [("pt-BR", "pt"), ("zh_Hant_TW", "zh"), ("EN", "en")])
def test_regions_are_dropped(language: str, expected: str) -> None:
    """Transcribers know languages, not regions."""
    assert expected == primary(language)
