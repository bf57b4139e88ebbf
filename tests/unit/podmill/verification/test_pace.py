"""The time lines should take."""

import pytest

from models.recording import LineTime
from podmill.verification.pace import FAST_MIN, LINES_MIN, SLOW_MAX, _weight, gaps_s, ratios

TEXTS = dict(enumerate((
    "The lighthouse stands on a rock.",
    "Two hundred steps lead up to the lamp.",
    "They cleaned the glass, wrote down the weather, and fished.",
    "One of them built ships in bottles.",
    "The beam could be seen for miles and miles.",
    "The old lens is in a museum. Go and see it.",
)))  # fmt: skip


def times(paces: dict[int, float], *, voice: str = "v") -> list[LineTime]:
    """Letters at 54 ms, half a second for what is between them."""
    lengths = {
        index: pace * (0.054 * len(text) + 0.3) for index, text in TEXTS.items() for pace in [paces.get(index, 1)]
    }
    return [LineTime(index=index, start_s=0, end_s=length, take="t", voice=voice) for index, length in lengths.items()]


@pytest.mark.parametrize("usual", [0.6, 1.0, 2.0])
def test_a_line_is_measured_by_its_own_voice(usual):
    """A slow voice is no fault; a line at half or twice its pace is, and no other."""
    found = ratios(times(dict.fromkeys(TEXTS, usual) | {1: 2 * usual, 4: usual / 2}), TEXTS)

    assert found[1] > SLOW_MAX
    assert found[4] < FAST_MIN
    assert all(FAST_MIN <= found[index] <= SLOW_MAX for index in TEXTS if index not in (1, 4))


def test_two_voices_have_two_paces():
    """Each voice that has lines enough."""
    slow = [
        line.model_copy(update={"index": line.index + 10, "voice": "w"}) for line in times(dict.fromkeys(TEXTS, 2.0))
    ]
    texts = TEXTS | {index + 10: text for index, text in TEXTS.items()}

    found = ratios([*times({}), *slow], texts)

    assert all(FAST_MIN <= ratio <= SLOW_MAX for ratio in found.values())


def test_short_answers_and_few_lines_have_no_pace():
    """There is nothing to expect."""
    yes = LineTime(index=9, start_s=0, end_s=5, take="t", voice="v")

    assert 9 not in ratios([*times({}), yes], TEXTS | {9: "Yes, by far."})
    assert ratios(times({})[: LINES_MIN - 1], TEXTS) == {}


def test_gaps_are_between_neighbours():
    """By time, whatever their order; nothing is expected after the last."""
    lines = [
        LineTime(index=index, start_s=start_s, end_s=start_s + 1, take="t", voice="v")
        for index, start_s in ((1, 6.0), (0, 0.0), (2, 7.5))
    ]

    assert gaps_s(lines) == {0: 5.0, 1: 0.5}


JAPANESE = (
    ("灯台は、スコットランドの沖にある、岩の上に立っています。", 29),
    ("りんご、みかん、ぶどう、もも、なし、どれも甘いです。", 22),
    ("昨日、駅の前で友達に会いました。", 18),
    ("このパンは、小麦粉と水と塩だけで作ります。", 24),
    ("東、西、南、北、春、夏、秋、冬、山、川。", 22),
    ("経済成長率は前年同期比で二パーセント上昇した。", 34),
    ("それでは、また来週お会いしましょう。", 17),
)
"""Texts, and how many syllables are said."""


@pytest.mark.parametrize("syllable_s", [0.11, 0.14, 0.17])
def test_dense_writing_is_measured_by_its_sound(syllable_s):
    """A character takes longer than a letter, and an enumeration is pauses for the most part."""
    texts = {index: text for index, (text, _) in enumerate(JAPANESE)}
    lines = [
        LineTime(index=index, start_s=0, end_s=0.15 + syllable_s * said + 0.36 * text.count("、"), take="t", voice="v")
        for index, (text, said) in enumerate(JAPANESE)
    ]

    found = ratios(lines, texts)

    assert found.keys() == texts.keys()
    assert all(FAST_MIN <= ratio <= SLOW_MAX for ratio in found.values())


def test_a_mark_at_the_end_is_no_pause_within():
    """In no writing."""
    for ends in ("", ".", "。"):
        assert _weight(f"東京{ends}") == _weight("東京")
    assert _weight("東京。東京。") > 2 * _weight("東京")
