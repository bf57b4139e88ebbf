"""Verification of real speech by the bundled transcriber."""

from dataclasses import replace

import numpy as np
import pytest

from podmill import verification
from podmill.errors import ConfigurationError, LeaseLostError, MissingExtraError, TranscriberError
from podmill.verification import EXTRAS, preload, second, verify
from podmill.verification.transcriber import Capabilities, Word
from tests import recordings
from tests.golden import hearing
from tests.golden.hearing import Spoken


def test_a_good_recording_passes(episode):
    """Four spoken lines, figures written by the transcriber as figures, are heard as they were to be said."""
    verdict = verify(episode.script, episode.recording(), episode.context)

    assert verdict.passed
    assert verdict.word_accuracy >= 0.94
    assert verdict.respeak == verdict.doubtful == ()
    assert all(line.passed and not line.faults for line in verdict.lines)
    assert verdict.transcriber == "faster-whisper:tiny.en:int8"
    assert [line.index for line in verdict.lines] == [0, 1, 2, 3]
    assert "1956" in verdict.lines[1].heard


def test_a_silent_line_is_named(episode):
    """A line that is only silence fails the episode and is the one to speak again."""
    takes = [*episode.takes]
    takes[2] = np.zeros_like(takes[2])

    verdict = verify(episode.script, episode.recording(takes), episode.context, round=1)

    assert not verdict.passed
    assert verdict.respeak[0] == 2
    assert verdict.lines[2].word_accuracy <= 0.3
    assert [fault.kind for fault in verdict.lines[2].faults] == ["silent"]
    assert {"97%", "price"} <= set(verdict.lines[2].missing)
    assert [line.word_accuracy for line in verdict.lines if line.index != 2] == [1.0, 1.0, 1.0]
    assert verdict.round == 1


def test_a_replaced_line_is_named(episode):
    """Other words in its place: the verdict says which line, what is missing and what was heard."""
    takes = [*episode.takes]
    takes[1] = episode.other

    verdict = verify(episode.script, episode.recording(takes), episode.context)

    assert verdict.respeak == (1,)
    assert "1956" in verdict.lines[1].missing
    assert "tomatoes" in verdict.lines[1].added
    assert "tomatoes" in verdict.lines[1].heard


def test_swapped_lines_are_named(episode):
    """Lines joined in the wrong order are both heard in the wrong place."""
    first, second, third, last = episode.takes

    verdict = verify(episode.script, episode.recording([first, third, second, last]), episode.context)

    assert sorted(verdict.respeak) == [1, 2]
    assert [verdict.lines[index].faults[0].said[:6] for index in (1, 2)] == ["line 3", "line 2"]
    assert {fault.kind for index in (1, 2) for fault in verdict.lines[index].faults} == {"swapped"}


def test_damaged_lines_are_named_by_their_faults(episode):
    """A phrase left out, noise, an end cut off, in one recording: each with its kind and time, and no other line."""
    lines = [Spoken(line.text, "S1", take) for line, take in zip(episode.script.lines, episode.takes, strict=True)]
    takes = [
        hearing.noisy(lines[0], 0),
        episode.takes[1],
        hearing.say(lines[2].text.replace("by ninety-seven percent ", "")),
        hearing.truncated(lines[3], 2),
    ]
    recording = episode.recording(takes)

    verdict = verify(episode.script, recording, episode.context)

    assert sorted(verdict.respeak) == [0, 2, 3]
    faults = {line.index: {fault.kind: fault for fault in line.faults} for line in verdict.lines}
    assert "noise" in faults[0]
    assert faults[2]["missing"].said.endswith("97%")
    assert {"missing", "cut_off"} <= set(faults[3])
    for index in (0, 2, 3):
        time = recording.lines[index]
        assert all(time.start_s - 0.5 <= fault.start_s <= fault.end_s for fault in faults[index].values())
        assert all(fault.end_s <= time.end_s + 0.5 for fault in faults[index].values())


def test_dead_air_is_named(episode):
    """A silence of four seconds and more that nobody planned, by the line it follows."""
    recording = episode.recording([episode.takes[0], *(np.pad(take, (90_000, 0)) for take in episode.takes[1:2])])
    first, second = recording.lines
    late = second.model_copy(update={"start_s": second.start_s + 90_000 / episode.sample_rate_hz})
    script = recordings.script([line.spoken for line in episode.script.lines[:2]])

    verdict = verify(script, recording.model_copy(update={"lines": (first, late)}), episode.context)

    (fault,) = verdict.lines[0].faults
    assert verdict.respeak == (0,)
    assert (fault.kind, fault.start_s, fault.end_s) == ("pause", first.end_s, pytest.approx(late.start_s))


@pytest.mark.parametrize(("index", "old", "new"), [(2, "ninety-seven", "seventy-nine"), (3, "see you", "not see you")])
def test_another_number_or_a_denial_is_named(episode, index, old, new):
    """Heard twice, in company and alone, it is no mishearing, however alike it sounds."""
    takes = [*episode.takes]
    takes[index] = hearing.say(episode.script.lines[index].text.replace(old, new))

    verdict = verify(episode.script, episode.recording(takes), episode.context)

    assert verdict.respeak == (index,)


def test_another_number_in_a_line_spoken_again_is_named(episode):
    """It is heard alone, and once more for the number."""
    silent, wrong = [*episode.takes], [*episode.takes]
    silent[2] = np.zeros_like(silent[2])
    wrong[2] = hearing.say(episode.script.lines[2].text.replace("ninety-seven", "seventy-nine"))
    before = verify(episode.script, episode.recording(silent), episode.context)
    recording = episode.recording(wrong)
    lines = [line.model_copy(update={"take": "again"}) if line.index == 2 else line for line in recording.lines]

    verdict = verify(
        episode.script, recording.model_copy(update={"lines": tuple(lines)}), episode.context, round=1, before=before
    )

    assert verdict.respeak == (2,)
    assert verdict.lines[2].faults[0].said == "97%: 79%"


def test_lines_in_a_strange_voice_fail(episode):
    """Whoever compares voices says which; their words may be right."""
    verdict = verify(episode.script, episode.recording(), episode.context, strayed={1})

    assert verdict.respeak == (1,)
    assert verdict.word_accuracy == 1.0
    assert [fault.kind for fault in verdict.lines[1].faults] == ["voice"]


class Larger:
    """A model that hears whatever it is given to hear."""

    model = "larger"
    capabilities = Capabilities(languages=frozenset({"en"}), word_timestamps=True, queue="verification")

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[int] = []

    def transcribe(self, samples, **_):
        self.asked.append(len(samples))
        words = self.text.split()
        return tuple(Word(f" {word}", 0.6 + place / 5, 0.7 + place / 5) for place, word in enumerate(words))

    def language(self, _):
        return "de"


def test_a_larger_model_is_asked_about_doubtful_lines_only(episode, monkeypatch):
    """It hears one line by itself, and what it understands of it counts."""
    texts = [line.spoken for line in episode.script.lines]
    script = recordings.script([texts[0], "My old neighbour grows blue potatoes behind his garden wall."])
    recording = episode.recording([episode.takes[0], episode.other])
    larger = Larger("My old neighbor grows blue potatoes behind his garden wall.")

    alone = verify(script, recording, episode.context)
    monkeypatch.setattr(verification, "second", lambda _: larger)
    verdict = verify(script, recording, episode.context)

    assert (alone.respeak, alone.second) == ((1,), "")
    assert verdict.passed
    assert verdict.second == "larger"
    assert len(larger.asked) == 1
    assert larger.asked[0] < 16_000 * (len(episode.other) / episode.sample_rate_hz + 1.1)


def test_a_line_in_another_language_is_named(episode, monkeypatch):
    """By a model that knows languages, where the words are not the script's."""
    monkeypatch.setattr(verification, "second", lambda _: Larger("Der alte Hafen liegt ganz still heute."))
    takes = [*episode.takes]
    takes[1] = episode.other

    verdict = verify(episode.script, episode.recording(takes), episode.context)

    assert [(fault.kind, fault.said) for fault in verdict.lines[1].faults] == [("language", "it is spoken in 'de'")]


def test_a_larger_model_is_found_or_named_or_none(episode, monkeypatch):
    """By itself only where one is installed."""
    settings = episode.context.settings.model_copy(update={"transcriber_second_model": "auto"})
    named = settings.model_copy(update={"transcriber_second_model": "tiny.en"})

    monkeypatch.setattr(verification.weights, "larger", lambda _: None)

    assert second(settings) is None
    assert second(settings.model_copy(update={"transcriber_second_model": ""})) is None
    assert second(named) is not None


def test_one_broken_line_fails_whatever_the_average(episode):
    """A threshold of nothing does not let a missing line through."""
    takes = [*episode.takes]
    takes[0] = np.zeros_like(takes[0])
    context = replace(episode.context, settings=episode.context.settings.model_copy(update={"word_accuracy_min": 0.0}))

    verdict = verify(episode.script, episode.recording(takes), context)

    assert not verdict.passed
    assert verdict.respeak == (0,)


def test_respelled_names_are_heard(episode):
    """The voice says the respellings, the transcriber writes something else for most; the lines are right."""
    names = {"Goethe": "gurta", "Tchaikovsky": "chai koff skee"}
    texts = ["The paper by gurta was read aloud by chai koff skee."]
    takes, _ = recordings.speak(texts)
    script = recordings.script(texts)
    recording = episode.recording(takes)

    verdict = verify(script.model_copy(update={"pronunciations": names}), recording, episode.context)

    assert verdict.passed
    assert verdict.word_accuracy == 1.0
    assert not {"gurta", "skee"} & set(verdict.lines[0].heard.split())


def test_a_line_without_time_was_not_heard(episode):
    """A recording that leaves a line out of its times does not pass for having said it."""
    whole = episode.recording()
    recording = whole.model_copy(update={"lines": whole.lines[:3]})

    verdict = verify(episode.script, recording, episode.context)

    assert verdict.respeak == (3,)
    assert verdict.lines[3].heard == ""


def test_progress_goes_from_nothing_to_all(episode):
    """A person sees it advance, and it ends at one."""
    notes = []
    context = replace(episode.context, progress=lambda share, activity: notes.append((share, activity)))

    verify(episode.script, episode.recording(), context)

    shares = [share for share, _ in notes]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert all(activity for _, activity in notes)


def test_a_lost_lease_stops_the_listening(episode):
    """What another worker owns is not finished here."""

    def lost(share, activity):
        raise LeaseLostError("Another worker has it.")

    with pytest.raises(LeaseLostError):
        verify(episode.script, episode.recording(), replace(episode.context, progress=lost))


@pytest.mark.parametrize("language", ["de", "hi", "zh-Hant"])
def test_an_english_model_refuses_other_languages(episode, language):
    """It would write English nonsense; the message names the setting."""
    script = episode.script.model_copy(update={"language": language})

    with pytest.raises(TranscriberError, match="PODMILL_TRANSCRIBER_MODEL"):
        verify(script, episode.recording(), episode.context)


def test_regional_english_is_english(episode):
    """The bundled model hears en-GB."""
    script = episode.script.model_copy(update={"language": "en-GB"})

    assert verify(script, episode.recording(), episode.context).passed


def test_a_transcriber_is_loaded_once(episode):
    """The same settings give the same one, so that a worker can load it before its first episode."""
    assert preload(episode.context.settings) is preload(episode.context.settings)


def test_an_unknown_transcriber_is_refused(episode):
    """The message lists those there are."""
    with pytest.raises(ConfigurationError, match="faster-whisper, openai-whisper"):
        preload(episode.context.settings.model_copy(update={"transcriber": "ears"}))


@pytest.mark.parametrize("name", EXTRAS)
def test_a_missing_extra_says_how_to_install_it(episode, name, monkeypatch):
    """Without its packages, the command that installs them."""
    for module in ("whisper", "torch", "podmill.verification.openai_whisper"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
        monkeypatch.delitem(__import__("sys").modules, "podmill.verification.openai_whisper", raising=False)

    with pytest.raises(MissingExtraError, match=rf"podmill\[{EXTRAS[name]}\]"):
        preload(episode.context.settings.model_copy(update={"transcriber": name}))
