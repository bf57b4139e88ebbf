"""Lines found in the sound alone."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podmill.speech import pauses
from podmill.speech.engine import RequestLine, Samples

RATE_HZ = 24000
LETTER_S = 1 / 13


def lines(*texts: str, voices: str = "ab") -> tuple[RequestLine, ...]:
    """Two voices in turn."""
    each = zip(texts, itertools.cycle(voices), strict=False)
    return tuple(RequestLine(index=n, speaker="S1", voice=voice, text=text) for n, (text, voice) in enumerate(each))


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)


def hum(duration_s: float) -> Samples:
    """Sound that swells as syllables do."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return ((0.3 - 0.2 * np.cos(2 * np.pi * 4 * time_s)) * np.sin(2 * np.pi * 150 * time_s)).astype(np.float32)


def said(text: str, pace: float = 1.0) -> Samples:
    """A text as sound: each clause as long as its words take, and a pause of a quarter second between two."""
    parts = []
    for clause in text.replace("?", ".").replace(",", ".").split("."):
        if clause.strip():
            parts += [hum(pauses.weight(clause) * LETTER_S / pace), silence(0.25)]
    return np.concatenate(parts[:-1])


def put_together(parts: list[Samples], gaps_s: list[float]) -> tuple[Samples, list[tuple[float, float]]]:
    """Sound with gaps between its parts, and when each is heard."""
    whole, times, at = [], [], 0
    for part, gap_s in zip(parts, [*gaps_s, 0.0], strict=True):
        times.append((at / RATE_HZ, (at + len(part)) / RATE_HZ))
        gap = silence(gap_s)
        whole += [part, gap]
        at += len(part) + len(gap)
    return np.concatenate(whole), times


def found(asked: tuple[RequestLine, ...], sound: Samples, block: int = 10_000) -> list[tuple[float, float]]:
    blocks = (sound[at : at + block] for at in range(0, len(sound), block))
    return list(pauses.line_times(asked, blocks, RATE_HZ))


TALK = (
    "Welcome back. Today we look at the sea, the moon, and what one has to do with the other.",
    "Yes.",
    "The water rises, twice a day, on the side that faces the moon. It also rises on the far side.",
    "Does it? I had no idea.",
    "Right.",
    "And the sun helps, when all three stand in a row.",
)


@pytest.mark.parametrize("gap_s", [0.12, 0.25, 0.6])
@pytest.mark.parametrize("paces", [(1.0, 1.0), (0.85, 1.2)])
def test_the_pauses_between_lines_are_found(gap_s: float, paces: tuple[float, float]) -> None:
    """Shorter or longer than those within lines, of voices of one pace or of two: each cut falls into its pause."""
    parts = [said(text, pace) for text, pace in zip(TALK, itertools.cycle(paces), strict=False)]
    sound, times = put_together(parts, [gap_s] * (len(TALK) - 1))

    cut = found(lines(*TALK), sound + 0.0005 * np.random.default_rng(1).standard_normal(len(sound), dtype=np.float32))

    for (_, end_s), (start_s, _), (_, cut_end_s), (cut_start_s, _) in zip(times, times[1:], cut, cut[1:], strict=False):
        assert end_s - 0.02 <= cut_end_s <= cut_start_s <= start_s + 0.02


def test_chinese() -> None:
    """A character is a syllable there, and its marks have no space after them."""
    texts = (
        "\u6f6e\u6c50\u6bcf\u5929\u4e24\u6b21\uff0c\u4f60\u77e5\u9053\u5417\uff1f",
        "\u77e5\u9053\u3002",
        "\u6708\u4eae\u5f15\u8d77\u4e86\u5b83\u3002",
    )
    parts = [hum(sum(each.isalnum() for each in text) * 0.27) for text in texts]
    sound, times = put_together(parts, [0.3, 0.3])
    assert np.array(found(lines(*texts), sound)) == pytest.approx(np.array(times), abs=0.06)


def test_without_a_pause_the_text_says_how_long() -> None:
    """Lines that run into each other share the time by their length."""
    cut = found(lines("Six letters", "and six letters more."), hum(3.0))
    assert cut[0][0] == 0
    assert cut[0][1] == cut[1][0] == pytest.approx(3 * 11 / 30, abs=0.2)
    assert cut[1][1] == pytest.approx(3.0)


def test_blocks_do_not_matter() -> None:
    """However the sound comes, it is the same sound."""
    sound, _ = put_together([said(text) for text in TALK], [0.3] * (len(TALK) - 1))
    assert found(lines(*TALK), sound, 777) == found(lines(*TALK), sound, len(sound))


WORDS = st.text("ab., ?\u6f6e\uff0c", min_size=1, max_size=40)
SOUND = st.lists(st.tuples(st.floats(0, 0.8), st.floats(0, 0.8)), max_size=20)


@settings(max_examples=60)
@given(texts=st.lists(WORDS, min_size=1, max_size=8), pieces=SOUND)
def test_whatever_is_heard_lines_are_in_order(texts: list[str], pieces: list[tuple[float, float]]) -> None:
    """Any sound, any text: every line lies within the sound, and none begins before the one before it ends."""
    whole = np.concatenate([silence(0.02), *(np.concatenate([hum(on), silence(off)]) for on, off in pieces)])
    cut = found(lines(*texts), whole)
    assert len(cut) == len(texts)
    edges = [edge for times in cut for edge in times]
    assert edges == sorted(edges)
    assert edges[0] == 0
    assert edges[-1] <= len(whole) / RATE_HZ + 1e-6


def test_a_rate_that_frames_do_not_divide() -> None:
    """A minute into the sound the times are as exact as at its beginning."""
    rate_hz = 22_050
    tone = 0.3 * np.sin(2 * np.pi * 150 * np.arange(60 * rate_hz) / rate_hz).astype(np.float32)
    sound = np.concatenate([tone, np.zeros(rate_hz // 2, dtype=np.float32), tone])
    first, second = pauses.line_times(lines("One of two.", "Two of two."), [sound], rate_hz)
    assert (first[1], second[0]) == (pytest.approx(60.05, abs=0.02), pytest.approx(60.45, abs=0.02))
