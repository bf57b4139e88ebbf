"""Verification of real speech by the bundled transcriber."""

from dataclasses import replace

import numpy as np
import pytest

from podmill.errors import ConfigurationError, LeaseLostError, MissingExtraError, TranscriberError
from podmill.verification import EXTRAS, preload, verify
from tests import recordings


def test_a_good_recording_passes(episode):
    """Four spoken lines, figures written by the transcriber as figures, are heard as they were to be said."""
    verdict = verify(episode.script, episode.recording(), episode.context)

    assert verdict.passed
    assert verdict.word_accuracy >= 0.94
    assert verdict.respeak == ()
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
