"""What an earlier verdict still says of lines that sound as they did."""

from pathlib import Path

import pytest

from models.recording import LineTime, Recording
from models.verdict import Fault, LineVerdict, Verdict
from podmill.store.local import LocalStore
from podmill.verification import verify
from podmill.verification.kept import kept
from podmill.verification.listening import Heard, hear
from podmill.verification.passages import Passage
from podmill.verification.transcriber import Transcriber
from tests import recordings

DOUBT = Fault(kind="wrong", said="sea: see", start_s=4.5, end_s=5.0)


def times(*takes: str, from_s: float = 0.0) -> Recording:
    lines = tuple(
        LineTime(index=index, start_s=from_s + 2.0 * index, end_s=from_s + 2.0 * index + 1.5, take=take, voice="v")
        for index, take in enumerate(takes)
    )
    return Recording(audio=None, sample_rate_hz=44100, channels=1, duration_s=99.0, lines=lines, requests=1)


def verdict(recording: Recording, *failed: int) -> Verdict:
    lines = tuple(
        LineVerdict(
            index=time.index,
            word_accuracy=1.0,
            words=4,
            heard="",
            passed=time.index not in failed,
            faults=(DOUBT,) if time.index == 2 else (),
            time=time,
        )
        for time in recording.lines
    )
    return Verdict(passed=not failed, word_accuracy=1.0, threshold=0.9, lines=lines, round=0, transcriber="t")


def test_lines_of_takes_of_their_own() -> None:
    """All but the one that was spoken again are known; what casts doubt on one moves with it."""
    before = verdict(times("a", "b", "c", "d"), 1)
    found = kept(before, times("a", "B", "c", "d", from_s=0.5), transcriber="t", strayed=())
    assert sorted(found) == [0, 2, 3]
    (doubt,) = found[2].faults
    assert (doubt.start_s, doubt.end_s) == (5.0, 5.5)
    assert found[3].time
    assert found[3].time.start_s == 6.5


def test_neighbours_of_one_take() -> None:
    """Their take was cut beside them: they are heard again, those further away are not."""
    before = verdict(times("a", "a", "a", "a", "a"), 2)
    assert sorted(kept(before, times("a", "a", "B", "a", "a"), transcriber="t", strayed=())) == [0, 4]


@pytest.mark.parametrize(("failed", "strayed", "by"), [((0, 1), (), "t"), ((1,), (0,), "t"), ((), (), "other")])
def test_what_is_not_known(failed: tuple[int, ...], strayed: tuple[int, ...], by: str) -> None:
    """Lines that failed, that are said in another voice, or that somebody else heard."""
    before = verdict(times("a", "b"), *failed)
    assert 0 not in kept(before, times("a", "B"), transcriber=by, strayed=strayed)
    assert kept(None, times("a", "b"), transcriber="t", strayed=()) == {}


def test_only_what_was_spoken_again_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second hearing costs what was spoken again: of four lines one; the whole is judged."""
    texts = ["The sea goes out twice a day.", "Nobody asked it to.", "It comes back at night.", "That is all."]
    context = recordings.context(tmp_path, transcriber_second_model="")
    sounds, rate = recordings.speak(texts)
    store = context.store
    assert isinstance(store, LocalStore)
    damaged = [sounds[0], sounds[1][: len(sounds[1]) // 3], *sounds[2:]]
    first = _told(recordings.record(damaged, rate, store, tmp_path), "abcd")
    second = _told(recordings.record(sounds, rate, store, tmp_path), "aBcd")
    before = verify(recordings.script(texts), first, context)
    asked = []

    def listening(ears: Transcriber, audio: Path, passage: Passage, *, language: str) -> Heard:
        asked.append([line.index for line in passage.lines])
        return hear(ears, audio, passage, language=language)

    monkeypatch.setattr("podmill.verification.hear", listening)
    after = verify(recordings.script(texts), second, context, round=1, before=before)

    assert (before.passed, before.respeak) == (False, (1,))
    assert {index for lines in asked for index in lines} == {1}
    assert after.passed
    assert [line.index for line in after.lines] == [0, 1, 2, 3]
    assert before.word_accuracy
    assert after.word_accuracy
    assert after.word_accuracy > before.word_accuracy


def _told(recording: Recording, takes: str) -> Recording:
    """With the take of each line."""
    lines = tuple(line.model_copy(update={"take": take}) for line, take in zip(recording.lines, takes, strict=True))
    return recording.model_copy(update={"lines": lines})
