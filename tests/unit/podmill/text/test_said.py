"""Words in a text."""

import pytest

from podmill.text.said import said_in, words_in


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        ("tide", "The Tide turns.", True),
        ("tide", "Tides turn.", False),
        ("spring tide", "A spring\n tide.", True),
        ("c++", "We like C++.", True),
        ("\u6f6e", "\u6f6e \u306e", True),
        (" ", "Anything", False),
        ("let's", "Let\u2019s go.", True),
        ("let\u2019s", "Let's go.", True),
        ("caf\u00e9", "The cafe\u0301.", True),
        ("cafe", "The cafe\u0301.", False),
        ("a a", "ba a a", True),
        ("snake", "snake_case", False),
        pytest.param("\u64ad\u5ba2", "\u6211\u4eec\u7684\u64ad\u5ba2\u5f88\u597d\u3002", True, id="chinese"),
        pytest.param("AI", "\u6211\u4eec\u7528AI\u6280\u672f\u3002", True, id="latin-in-chinese"),
        pytest.param("\u6d77", "\u304d\u308c\u3044\u306a\u6d77\u306e\u8a71", True, id="japanese"),
        pytest.param("\u30a4\u30b9", "\u30a2\u30a4\u30b9\u306f", False, id="katakana-inside"),
        pytest.param("\u30a2\u30a4\u30b9", "\u30a2\u30a4\u30b9\u306f", True, id="katakana"),
        pytest.param("\u0e44\u0e17\u0e22", "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e14\u0e35", True, id="thai"),
        pytest.param("\u0e44\u0e17\u0e22", "\u0e44\u0e17\u0e22\u0e49", False, id="thai-mark"),
        pytest.param("\u0928\u093e", "\u0916\u093e\u0928\u093e", False, id="hindi-inside"),
        pytest.param("\u0916\u093e\u0928", "\u0916\u093e\u0928\u093e", False, id="hindi-vowel"),
        pytest.param(
            "\u0916\u093e\u0928\u093e", "\u092f\u0939 \u0916\u093e\u0928\u093e \u0939\u0948\u0964", True, id="hindi"
        ),
        pytest.param("\ud31f\uce90\uc2a4\ud2b8", "\ud31f\uce90\uc2a4\ud2b8\ub294", True, id="korean-particle"),
        pytest.param("\uc2a4\ud2b8", "\ud31f\uce90\uc2a4\ud2b8\ub294", False, id="korean-inside"),
    ],
)
def test_words_are_said_as_they_are(words: str, text: str, said: bool) -> None:
    """Whatever their case, spaces and apostrophes, and not as a part of others; in scripts without spaces anywhere."""
    assert said_in(words, text) is said


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Let\u2019s go \u2013 now!", 3),
        ("\u6f6e\u6c50\u6765\u4e86\u3002", 2),
        ("\u7528 AI \u7684\u64ad\u5ba2", 3),
    ],
)
def test_words_are_counted(text: str, count: int) -> None:
    """Two characters of a script without spaces are about a word; a dash is none."""
    assert words_in(text) == count
