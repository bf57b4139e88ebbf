"""What every transcriber must do. A new one in the registry is found here."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
import soxr

from podmill.errors import TranscriberError
from podmill.settings import Settings
from podmill.verification import TRANSCRIBERS, preload
from podmill.verification.normalize import words
from podmill.verification.transcriber import SAMPLE_RATE_HZ
from tests import recordings

SAID = ["Welcome back to the show, everybody.", "Thank you for listening, and see you next week."]
PAUSE_S = 1.0

NEEDS_TORCH = frozenset({"openai-whisper"})
NAMES = [pytest.param(name, marks=pytest.mark.torch if name in NEEDS_TORCH else ()) for name in sorted(TRANSCRIBERS)]

# whisper/tokenizer.py leaves the vocabulary it ships with to the garbage collector to close.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file.*tiktoken:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in.*tiktoken:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def takes():
    spoken, rate = recordings.speak(SAID)
    return [soxr.resample(take, rate, SAMPLE_RATE_HZ).astype(np.float32) for take in spoken]


@pytest.fixture(scope="module")
def samples(takes):
    return np.concatenate([takes[0], np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), dtype=np.float32), takes[1]])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(params=NAMES)
def transcriber(request, home):
    return preload(Settings(home=home, transcriber=request.param))


def test_hears_what_was_said(transcriber, samples):
    """Clear speech: every word, with no help from the script and nothing from the network."""
    heard = "".join(word.text for word in transcriber.transcribe(samples, language="en"))

    assert words(heard, "en") == words(" ".join(SAID), "en")


def test_words_have_times_within_the_audio(transcriber, takes, samples):
    """In order; the sentences lie on their sides of the pause, so that a word finds the line being spoken."""
    heard = transcriber.transcribe(samples, language="en")

    middle_s = len(takes[0]) / SAMPLE_RATE_HZ + PAUSE_S / 2
    assert transcriber.capabilities.word_timestamps
    assert all(0 <= word.start_s <= word.end_s <= len(samples) / SAMPLE_RATE_HZ for word in heard)
    assert all(before.start_s <= after.start_s for before, after in itertools.pairwise(heard))
    first = [word for word in heard if (word.start_s + word.end_s) / 2 < middle_s]
    assert words("".join(word.text for word in first), "en") == words(SAID[0], "en")


def test_the_same_audio_gives_the_same_words(transcriber, samples):
    """A verdict can be repeated."""
    assert transcriber.transcribe(samples, language="en") == transcriber.transcribe(samples, language="en")


def test_silence_holds_no_sentence(transcriber):
    """Whisper may invent a word or two in silence, never a line."""
    heard = transcriber.transcribe(np.zeros(4 * SAMPLE_RATE_HZ, dtype=np.float32), language="en")

    assert len(heard) <= 3


def test_a_moment_of_audio_is_no_error(transcriber):
    """A passage may be as short as a cough."""
    transcriber.transcribe(np.zeros(SAMPLE_RATE_HZ // 20, dtype=np.float32), language="en")


def test_says_what_it_is(transcriber):
    """Engine, model and number type; English-only weights claim English only."""
    assert re.fullmatch(r"[a-z-]+:tiny\.en:(int8|float16|float32)", transcriber.model)
    assert transcriber.capabilities.languages == frozenset({"en"})
    assert transcriber.capabilities.queue == "verification"


def test_who_knows_one_language_guesses_none(transcriber, takes):
    """Only multilingual models are asked which language a line is in."""
    assert transcriber.language(takes[0]) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("model", ["medium.en", "/no/such/model"])
def test_a_model_that_is_not_here_is_refused(name, model, home):
    """Never a download."""
    with pytest.raises(TranscriberError, match="PODMILL_TRANSCRIBER_MODEL"):
        preload(Settings(home=home, transcriber=name, transcriber_model=model))


@pytest.mark.parametrize("name", NAMES)
def test_damaged_weights_are_explained(name, tmp_path):
    """A model folder cut short says so, and what to do."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0Whisper")
    for part in ("config.json", "tokenizer.json"):
        (folder / part).write_text("{}")

    with pytest.raises(TranscriberError, match="broken"):
        preload(Settings(home=tmp_path / "home", transcriber=name, transcriber_model=str(folder)))


def test_a_failure_to_tell_the_language_says_what_to_do(transcriber, samples, monkeypatch):
    """Out of memory, mostly: an error of ours, which the step can answer."""

    def fails(*_):
        raise RuntimeError("out of memory")

    model = SimpleNamespace(is_multilingual=True, detect_language=fails, dims=SimpleNamespace(n_mels=80), device="cpu")
    model.model = model
    monkeypatch.setattr(transcriber, "_whisper", model)

    with pytest.raises(TranscriberError, match=r"(?s)out of memory.*PODMILL_TRANSCRIBER_MODEL"):
        transcriber.language(samples)
