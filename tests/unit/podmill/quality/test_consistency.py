"""Which lines are in whose voice."""

import numpy as np
import pytest

from podmill.quality.consistency import SpokenLine, strayed, voices_of
from podmill.quality.voices import Embedding

ANN, BOB, EVE = np.eye(256, dtype=np.float32)[:3]


def like(voice: Embedding, cosine: float, other: Embedding | None = None) -> Embedding:
    """An embedding with so much of a voice; the rest is of another, or of nobody."""
    rest = np.eye(256, dtype=np.float32)[200] if other is None else other
    mixed: Embedding = (cosine * voice + (1 - cosine**2) ** 0.5 * rest).astype(np.float32)
    return mixed


def lines(*spoken: tuple[str, float, Embedding]) -> list[SpokenLine]:
    return [SpokenLine(index, voice, seconds, heard) for index, (voice, seconds, heard) in enumerate(spoken)]


def test_a_voice_is_what_most_of_its_lines_have() -> None:
    """Three lines in the voice of another do not pull it away."""
    heard = lines(*[("a", 3.0, like(ANN, 0.95))] * 5, *[("a", 3.0, like(BOB, 0.95))] * 3)

    assert float(voices_of(heard)["a"].embedding @ like(ANN, 0.95)) > 0.999


@pytest.mark.parametrize("seconds", [0.5, 1.0, 5.0])
def test_swapped_lines_are_found_whatever_their_length(seconds: float) -> None:
    """A line that another of the cast says is nearer to that one."""
    heard = lines(
        *[("a", 4.0, like(ANN, 0.95))] * 4, *[("b", 4.0, like(BOB, 0.95))] * 4, ("a", seconds, like(BOB, 0.8))
    )

    assert strayed(heard, voices_of(heard)) == {8: "b"}


@pytest.mark.parametrize(
    ("seconds", "cosine", "strange"), [(4.0, 0.88, False), (4.0, 0.76, True), (1.0, 0.79, False), (1.0, 0.7, True)]
)
def test_strangers_are_found_where_there_is_enough_to_hear(seconds: float, cosine: float, strange: bool) -> None:
    """A line that is like nobody of the cast is told as such; what short sound lines reach is not."""
    heard = lines(*[("a", 4.0, ANN)] * 6, ("a", seconds, like(ANN, cosine, EVE)))

    assert strayed(heard, voices_of(heard)) == ({6: ""} if strange else {})


def test_very_short_lines_are_only_compared_with_the_cast() -> None:
    """Half a second is like its own voice by as little as a stranger's may be."""
    heard = lines(*[("a", 4.0, ANN)] * 6, ("a", 0.5, like(ANN, 0.6, EVE)), *[("b", 4.0, BOB)] * 3)

    assert strayed(heard, voices_of(heard)) == {}


def test_voices_that_are_alike_are_not_told_apart() -> None:
    """Of two that are one voice at two tempos, a line may be nearer to either."""
    near = like(ANN, 0.9, BOB)
    heard = lines(*[("a", 4.0, ANN)] * 3, *[("b", 4.0, near)] * 3, ("a", 4.0, like(ANN, 0.92, BOB)))

    assert strayed(heard, voices_of(heard)) == {}


def test_a_long_line_does_not_make_up_the_voice() -> None:
    """A stranger who speaks half of the time is held against the rest, not against the mean of both."""
    heard = lines(*[("a", 3.0, like(ANN, 0.95))] * 6, ("a", 18.0, EVE))

    assert strayed(heard, voices_of(heard)) == {6: ""}


def test_a_single_line_is_its_voice() -> None:
    """There is nothing to hold it against."""
    heard = lines(("a", 3.0, ANN), ("b", 3.0, BOB))

    assert (strayed(heard, voices_of(heard)), voices_of(heard)["a"].kept) == ({}, None)


def test_a_long_line_is_not_held_against_a_short_one() -> None:
    """Somebody who says one sentence, and yes, has not said it in another voice."""
    heard = lines(("a", 6.0, ANN), ("a", 0.5, like(ANN, 0.6)), *[("b", 4.0, BOB)] * 3)

    assert strayed(heard, voices_of(heard)) == {}


def test_short_lines_do_not_make_a_voice_inconsistent() -> None:
    """Someone who only says yes and no is like themselves by little, and that is no fault."""
    heard = lines(*[("a", 0.6, like(ANN, 0.65, other)) for other in np.eye(256, dtype=np.float32)[100:104]])

    assert voices_of(heard)["a"].kept is None
    assert strayed(heard, voices_of(heard)) == {}


def test_long_lines_count_for_more() -> None:
    """The figure of a voice is that of its speech, not of its lines."""
    heard = lines(*[("a", 9.0, ANN)] * 4, ("a", 4.0, like(ANN, 0.5)))

    assert voices_of(heard)["a"].kept == pytest.approx(0.95)


def test_few_lines_are_not_yet_a_voice() -> None:
    """Three are held against two, which may be unlike them by chance."""
    heard = lines(
        ("a", 3.0, ANN), *[("a", 3.0, like(ANN, 0.8, other)) for other in np.eye(256, dtype=np.float32)[9:11]]
    )

    assert voices_of(heard)["a"].kept is None
