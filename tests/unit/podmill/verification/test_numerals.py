"""Figures in words, in languages other than English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.verification import han
from podmill.verification.normalize import words
from podmill.verification.numerals import LANGUAGES, written_out


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        ("de", "1998 waren es 3,5 %", "neunzehnhundertachtundneunzig waren es drei Komma fünf Prozent"),
        ("de", "1.200 €", "eintausendzweihundert Euro"),
        ("fr", "12 pour cent, 5 €", "douze pour cent, cinq euros"),
        ("es", "$20", "veinte dólares"),
        ("pt-BR", "40%", "quarenta por cento"),
        ("ja", "12", "十二"),
        ("ja", "3.5%", "三点五パーセント"),
        ("zh", "350", "三百五十"),
        ("zh", "350", "三百五"),
        ("zh", "305", "三百零五"),
        ("zh", "2,200", "两千二百"),
        ("zh", "25000", "两万五"),
        ("zh", "3.5万", "三万五千"),
        ("zh", "1.5亿", "一亿五千万"),
        ("zh", "1000000000000", "一万亿"),
        ("zh", "2024年", "二〇二四年"),
        ("zh", "3.5", "三点五"),
        ("zh", "50%", "百分之五十"),
        ("zh-Hant", "35000", "三萬五千"),
    ],
)
def test_written_figures_equal_spoken_ones(language: str, written: str, spoken: str) -> None:
    """Whisper writes figures in every language; scripts have them in words."""
    assert words(spoken, language) == words(written, language)


@given(st.integers(0, 10**15 - 1))
def test_a_number_in_chinese_is_itself(number: int) -> None:
    """Said in full, it stays as it is."""
    assert written_out(written_out(str(number), "zh"), "zh") == written_out(str(number), "zh")
    assert han.value(written_out(str(number), "zh")) == number


@pytest.mark.parametrize("text", ["千万", "万一", "一些", "三点十分", "9" * 40])
def test_what_counts_nothing_in_chinese_is_left_alone(text: str) -> None:
    """Words with numerals in them, and times of day."""
    assert written_out(text, "zh") == text


@pytest.mark.parametrize("figures", ["12", "1998", "3,5", "9" * 40])
def test_unknown_languages_keep_their_digits(figures: str) -> None:
    """Both sides keep them, so that they still compare."""
    assert "".join(words(figures, "xx")) == figures.replace(",", "")


@pytest.mark.parametrize("figures", ["1.2.3.4", "12.34.56", "1,2,3"])
def test_what_is_no_number_is_left_alone(figures: str) -> None:
    """Versions and dates are not read as one quantity."""
    assert all(word.isdigit() for word in words(figures, "de"))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_figure_breaks_a_converter(language: str) -> None:
    """Small, large, decimal, grouped, with leading zeros, in other digits: each gives words, and soon."""
    figures = (
        "0 7 12 100 1100 1998 2024 1.234 1,234 3,5 3.5 0,05 0.05 12345678 999999999999 123456789012345 "
        "1.234.567 1,234,567 00 007 1998,5 1\u00a0000 \u0663"
    )

    for figure in figures.split(" "):
        assert written_out(figure, language).strip()
    assert written_out("12", language).strip() != "12"
