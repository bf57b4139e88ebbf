"""Gemini over its emulator: what is asked for, what comes back, what it costs."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podmill.context import StepContext
from podmill.errors import ConfigurationError, MissingExtraError, VoiceError
from podmill.money import prices
from podmill.settings import Settings
from podmill.speech import files, find, plan, resolve_cast, restore
from podmill.speech.engine import RequestLine, SpeechRequest, limits, make, priced
from podmill.speech.gemini import VOICES, Gemini
from podmill.speech.reply import reply_of
from podmill.speech.take import keep
from podmill.store.local import LocalStore
from tests.emulators.searching import RunningGemini
from tests.unit.podmill.speech.tones import Takes, fundamental_hz, script

TURNS = (
    ("Kore", "Welcome back to the show, everybody. Today we look at the sea."),
    ("Puck", "Why does it come and go?"),
    ("Kore", "The short answer is the moon, and the long one takes a while."),
    ("Puck", "We have four minutes."),
)


def asked(*turns: tuple[str, str], variant: int = 0) -> SpeechRequest:
    lines = tuple(
        RequestLine(index=number, speaker=voice, voice=f"gemini:{voice}", text=text)
        for number, (voice, text) in enumerate(turns)
    )
    return SpeechRequest(key=f"{variant:064}", engine="gemini", language="en", variant=variant, lines=lines)


def settings(emulator: RunningGemini, home: Path, **more: Any) -> Settings:
    return Settings(home=home, **{**emulator.settings, **more})


def engine(emulator: RunningGemini, home: Path, **more: Any) -> Gemini:
    return Gemini(settings(emulator, home, **more))


def test_two_voices_in_one_request(gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """Each line is a part with its speaker; both voices are in the one sound; its bill is what the reply says."""
    raw = engine(gemini_emulator, podmill_home).speak(asked(*TURNS))

    (logged,) = gemini_emulator.requests()
    parts = logged["body"]["contents"][0]["parts"]
    assert [(part["speechMetadata"], part["text"]) for part in parts] == [
        ({"speaker": voice}, text) for voice, text in TURNS
    ]
    assert logged["body"]["generationConfig"].keys() == {"responseModalities", "speechConfig"}
    assert logged["voices"] == [voice for voice, _ in TURNS]
    assert (raw.sample_rate_hz, raw.suffix, raw.line_times_s) == (24000, ".wav", ())
    assert raw.receipt
    usage = logged["billed"]
    assert raw.receipt.billed == {
        "input token": usage["promptTokenCount"],
        "output token": usage["candidatesTokenCount"],
    }
    assert usage["candidatesTokenCount"] == round(25 * files.heard_s(raw.data)[0])


def test_one_voice(gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """A single voice needs no speaker; its text is read word for word, tags too."""
    engine(gemini_emulator, podmill_home).speak(asked(("Leda", "He said [laughs] no."), ("Leda", "Twice.")))

    (logged,) = gemini_emulator.requests()
    assert logged["body"]["contents"][0]["parts"] == [{"text": "He said (laughs) no."}, {"text": "Twice."}]
    assert logged["body"]["generationConfig"]["speechConfig"] == {
        "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Leda"}}
    }


@pytest.mark.parametrize("turns", [TURNS, TURNS[:1]])
def test_a_model_of_before(
    turns: tuple[tuple[str, str], ...], gemini_emulator: RunningGemini, podmill_home: Path
) -> None:
    """It is told in one prompt who says what, and how."""
    old = engine(
        gemini_emulator, podmill_home, gemini_speech_model="gemini-2.5-flash-preview-tts", gemini_speech_style="warm"
    )
    old.speak(asked(*turns))

    (logged,) = gemini_emulator.requests()
    assert logged["texts"] == [text for _, text in turns]
    assert logged["voices"] == [voice for voice, _ in turns]
    (part,) = logged["body"]["contents"][0]["parts"]
    assert part.keys() == {"text"}
    assert "(warm)" in part["text"].partition("\n\n")[0]


def test_the_style_is_never_read_aloud(gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """It goes beside the text; a line that is spoken again is spoken in another one."""
    speaker = engine(gemini_emulator, podmill_home, gemini_speech_style="warm")
    for variant in range(2):
        speaker.speak(asked(TURNS[0], variant=variant))

    parts = [logged["body"]["contents"][0]["parts"][0] for logged in gemini_emulator.requests()]
    assert [part["text"] for part in parts] == [TURNS[0][1]] * 2
    assert [part["speechMetadata"]["style"] for part in parts] == ["warm", "warm, clear and unhurried"]


def test_lines_are_found_in_the_sound(gemini_emulator: RunningGemini, podmill_home: Path, tmp_path: Path) -> None:
    """The take knows when each line is heard; a reply that was kept makes the same take."""
    context = StepContext(
        settings(gemini_emulator, podmill_home), LocalStore(tmp_path), Takes(), tmp_path, lambda _share, _words: None
    )
    request = asked(*TURNS)
    raw = make("gemini", context.settings).speak(request)
    kept = restore(request, reply_of(raw, context.store), context.store)

    take, again = keep(request, raw, context), keep(request, kept, context)

    assert again == take
    assert kept.receipt == raw.receipt
    samples, rate_hz = files.decoded(context.store.path(take.audio).read_bytes())
    lines = [samples[round(line.start_s * rate_hz) : round(line.end_s * rate_hz)] for line in take.lines]
    pitches_hz = [fundamental_hz(line, rate_hz) for line in lines]
    assert pitches_hz[0::2] == pytest.approx([110 + 40 * 3] * 2, rel=0.05)
    assert pitches_hz[1::2] == pytest.approx([110] * 2, rel=0.05)
    # Between two lines lies a pause: at its middle nothing is heard.
    for before, after in itertools.pairwise(take.lines):
        middle = round((before.end_s + after.start_s) / 2 * rate_hz)
        assert float(np.abs(samples[middle - 100 : middle + 100]).max()) < 0.01


def test_a_script_is_cut_by_what_it_takes(gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """Two voices and some minutes to a request; three voices, or Chinese, need more of them."""
    at = settings(gemini_emulator, podmill_home, engine="gemini", gemini_speech_characters=600)
    lines = [f"S{number % 2 + 1}: This is line number {number} of a longer talk." for number in range(40)]
    two = plan(script(*lines), resolve_cast((), at), at, variants={})
    assert [len(request.voices) for request in two] == [2] * len(two)
    assert max(request.characters for request in two) <= 600
    assert len(two) == -(-sum(len(line) - 3 for line in lines) // 600)
    made = make("gemini", at)
    assert [limits(made, language).max_characters for language in ("en-GB", "zh-CN")] == [600, 200]


def test_what_may_be_billed(podmill_home: Path) -> None:
    """Tokens of the text and of the sound, enough for the slowest voice, by the model's own prices."""
    made = Gemini(Settings(home=podmill_home))
    who, quantities = priced(made, asked(*TURNS))
    assert who == "gemini:gemini-3.8-flash-lite-tts"
    assert all(prices.load().find(who, unit).usd > 0 for unit in quantities)
    characters = sum(len(text) for _, text in TURNS)
    assert characters / 4 < quantities["input token"] < characters + 300
    assert 25 * characters / 15 < quantities["output token"] < 3 * 25 * characters / 15 + 200
    long = asked(("Kore", "word " * 5000))
    assert priced(made, long)[1]["output token"] == 16_384


def test_voices(podmill_home: Path) -> None:
    """Thirty, those of the settings first; a name that is listed can be cast, another one cannot."""
    at = Settings(home=podmill_home, gemini_speech_voices="Charon, Nova")
    names = [voice.base for voice in make("gemini", at).voices()]
    assert names[:2] == ["Charon", "Nova"]
    assert Counter(names) == Counter({*VOICES, "Nova"})
    assert len(VOICES) == 30
    assert find("gemini:Nova", at).speaks("pt-BR")
    with pytest.raises(VoiceError):
        find("gemini:Nobody", at)


def test_the_doctor_asks_for_the_model(gemini_emulator: RunningGemini, podmill_home: Path) -> None:
    """Key and model are tried without a request that costs anything."""
    assert not Gemini(Settings(home=podmill_home)).set_up
    assert engine(gemini_emulator, podmill_home).check() is None
    with pytest.raises(ConfigurationError, match="retired"):
        engine(gemini_emulator, podmill_home, gemini_speech_model="gemini-2.0-tts").check()
    with pytest.raises(ConfigurationError, match="PODMILL_GEMINI_API_KEY"):
        engine(gemini_emulator, podmill_home, gemini_api_key="another").check()
    assert gemini_emulator.requests() == []


def test_without_the_sdk(podmill_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which extra installs it."""
    monkeypatch.setattr("podmill.providers.gemini_client.installed", lambda: False)
    made = Gemini(Settings(home=podmill_home, gemini_api_key="k"))
    for ask in (lambda: made.speak(asked(TURNS[0])), made.check, made.preload):
        with pytest.raises(MissingExtraError, match=r"podmill\[gemini\]"):
            ask()
