"""Gemini: hosted voices, two in one request, paid by the token."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from podmill.errors import (
    InDoubtError,
    MissingExtraError,
    PodmillError,
    PolicyError,
    RefusedError,
    SpeechError,
    TooLongError,
    WastedError,
)
from podmill.providers import gemini_client
from podmill.settings import Settings
from podmill.speech import gemini_audio, hosted, pitch
from podmill.speech.engine import EXTRAS, EngineCapabilities, RawSpeech, Receipt, SpeechRequest, Voice
from podmill.speech.pauses import weight

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

VOICES: Final = (
    *("Kore", "Puck", "Zephyr", "Charon", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus"),
    *("Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar"),
    *("Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia"),
    *("Sadaltager", "Sulafat"),
)
"""Its prebuilt voices (its documentation of speech generation, November 2026)."""

BY_PROMPT: Final = ("gemini-2.", "gemini-3.1-")
"""Models that are told in one prompt who says what. Later ones read parts, each with its speaker."""

VARIANTS: Final = ("", "clear and unhurried", "slow, every word distinct")
"""How a line is spoken again that was not understood. It has no seed, and speaks a text another way every time."""

TAG: Final = str.maketrans("[]", "()")
"""``[laughs]`` would be acted, not read: nobody writes that into a script on purpose."""

SAMPLE_RATE_HZ: Final = 24000
TOKENS_A_SECOND: Final = 25
OUTPUT_TOKENS_MAX: Final = 16_384
"""Eleven minutes."""
PROMPT_TOKENS: Final = 200
"""Of what a request says besides its text."""
SLOWEST: Final = 8.0
QUICKEST: Final = 30.0
"""Letters a second: nobody speaks slower, so that money is held for enough; or quicker, so that something is missing.
Voices were measured at 12 to 15."""
USUAL: Final = 13.5
"""Letters a second that are expected, and the pause after a line."""
PAUSE_USUAL_S: Final = 0.4
BYTES_A_TOKEN: Final = 4
"""Of English, as Google says; what money is held for counts three."""
PAUSES_S: Final = 2.0
DENSE_SHARE: Final = 3
"""Characters of English that one of Chinese takes as long as."""

ANOTHER: Final = "Run: podmill retry, or cast the voices of another engine."


class Gemini:
    """Its prebuilt voices, and those that the settings list."""

    name = "gemini"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.capabilities = EngineCapabilities(
            max_characters=settings.gemini_speech_characters,
            max_speakers=2,
            sample_rate_hz=SAMPLE_RATE_HZ,
            price_unit="input token",
            formats=(".wav",),
            queue="synthesis.api",
            # It tells no times: lines that share a request are found in the sound.
            timestamps=False,
            stitching=False,
            account=self.name,
            dense_characters=settings.gemini_speech_characters // DENSE_SHARE,
        )

    def voices(self) -> tuple[Voice, ...]:
        installed = gemini_client.installed()
        languages = self.settings.gemini_speech_languages
        return tuple(
            Voice(f"{self.name}:{name}", name, self.name, languages, "terms of the Gemini API", installed)
            for name in dict.fromkeys((*self.settings.gemini_speech_voices, *VOICES))
        )

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {"model": self.settings.gemini_speech_model, "style": self._style(variant), "pitch": voice.pitch}

    def priced(self, request: SpeechRequest) -> tuple[str, Mapping[str, float]]:
        """As ``MeteredEngine`` says."""
        size_bytes = len(request.text.encode()) + len(request.lines) * len(self._style(request.variant).encode())
        seconds = PAUSES_S + len(request.lines) + weight(request.text) / SLOWEST
        return f"{self.name}:{self.settings.gemini_speech_model}", {
            "input token": math.ceil(size_bytes / gemini_client.BYTES_PER_TOKEN) + PROMPT_TOKENS,
            "output token": min(math.ceil(seconds * TOKENS_A_SECOND), OUTPUT_TOKENS_MAX),
        }

    def usual(self, request: SpeechRequest) -> Mapping[str, float]:
        """As ``ForeseenEngine`` says."""
        seconds = len(request.lines) * PAUSE_USUAL_S + weight(request.text) / USUAL
        return {
            "input token": float(math.ceil(len(request.text.encode()) / BYTES_A_TOKEN)),
            "output token": float(min(math.ceil(seconds * TOKENS_A_SECOND), OUTPUT_TOKENS_MAX)),
        }

    def speak(self, request: SpeechRequest) -> RawSpeech:
        self._must_be_installed()
        settings = self.settings
        response = gemini_client.generate(
            settings,
            model=settings.gemini_speech_model,
            contents=self._contents(request),
            config=_config(request),
            timeout_s=settings.gemini_speech_timeout_s,
        )
        receipt = _receipt(response)
        try:
            sound = gemini_audio.sound(response)
        except SpeechError as exc:
            raise self._wasted(request, response, receipt, str(exc)) from exc
        if sound is None or gemini_client.ending(response).finish != "STOP":
            raise self._wasted(request, response, receipt, "no audio" if sound is None else "no whole audio")
        if sound.duration_s < weight(request.text) / QUICKEST - PAUSES_S / 4:
            raise self._wasted(request, response, receipt, f"{sound.duration_s:.1f} seconds of audio, which is less")
        factor = pitch.split(request.voices[0])[1] if len(request.voices) == 1 else 1.0
        return RawSpeech(None, sound.rate_hz, sound.data, sound.suffix, sound.media_type, (), receipt, factor)

    @property
    def set_up(self) -> bool:
        return self.settings.gemini_api_key is not None

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: looks the model up. It does not list its voices."""
        self._must_be_installed()
        settings = self.settings
        gemini_client.look_up(settings, settings.gemini_speech_model, settings.gemini_timeout_s)
        return None

    def preload(self) -> None:
        self._must_be_installed()
        import google.genai  # noqa: F401 - slow to load

    def _style(self, variant: int) -> str:
        again = VARIANTS[min(variant, len(VARIANTS) - 1)]
        return ", ".join(each for each in (self.settings.gemini_speech_style.strip(), again) if each)

    def _contents(self, request: SpeechRequest) -> Any:
        from google.genai import types

        style = self._style(request.variant)
        names = {voice: _name(voice) for voice in request.voices}
        said = [(names[line.voice], line.text.translate(TAG)) for line in request.lines]
        if self.settings.gemini_speech_model.startswith(BY_PROMPT):
            return _prompt(said, tuple(names.values()), style)
        parts = []
        for name, text in said:
            # Only where there are two does a part name its speaker.
            how = types.SpeechMetadata(speaker=name if len(names) > 1 else None, style=style or None)
            parts.append(types.Part(text=text, speech_metadata=how if how.speaker or how.style else None))
        return [types.Content(role="user", parts=parts)]

    def _wasted(
        self, request: SpeechRequest, response: "GenerateContentResponse", receipt: Receipt, what: str
    ) -> PodmillError:
        """What an answer means that is not the speech that was asked for."""
        ending = gemini_client.ending(response)
        where = hosted.where(request)
        why = ending.blocked or ending.finish
        if not why:
            return InDoubtError(f"Gemini answered {where} with {what}; whether it charged is not known.")
        told = f"Gemini gave {what} for {where} ({why})."
        then: PodmillError
        if ending.blocked == "LANGUAGE":
            then = RefusedError(
                f"Gemini does not speak the language of {where}.", action="Cast the voices of another engine."
            )
        elif ending.blocked:
            then = PolicyError(
                f"Gemini refuses to speak {where} ({why}).",
                action="Change the passage, or choose another engine, and submit the episode again.",
            )
        elif ending.finish == "MAX_TOKENS":
            then = TooLongError(f"The speech of {where} is longer than Gemini makes.", action="Shorten the line.")
        else:
            then = SpeechError(told, action=ANOTHER)
        return WastedError(told, receipt=receipt, then=then, again=isinstance(then, SpeechError))

    def _must_be_installed(self) -> None:
        if not gemini_client.installed():
            raise MissingExtraError(f"The engine {self.name!r}", extra=EXTRAS[self.name])


def _name(voice: str) -> str:
    """Its own name of a voice: it tells the speakers of a request apart by that, too."""
    return pitch.split(voice.partition(":")[2])[0]


def _config(request: SpeechRequest) -> Mapping[str, Any]:
    from google.genai import types

    voices = [
        (name, types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name)))
        for name in map(_name, request.voices)
    ]
    if len(voices) == 1:
        speech = types.SpeechConfig(voice_config=voices[0][1])
    else:
        both = [types.SpeakerVoiceConfig(speaker=name, voice_config=voice) for name, voice in voices]
        speech = types.SpeechConfig(
            multi_speaker_voice_config=types.MultiSpeakerVoiceConfig(speaker_voice_configs=both)
        )
    return {"response_modalities": ["AUDIO"], "speech_config": speech}


def _prompt(said: list[tuple[str, str]], names: tuple[str, ...], style: str) -> str:
    how = f" ({style})" if style else ""
    if len(names) == 1:
        return f"Read the following aloud, word for word{how}:\n\n" + "\n".join(text for _, text in said)
    lines = "\n".join(f"{name}: {text}" for name, text in said)
    return f"TTS the following conversation between {' and '.join(names)}{how}:\n\n{lines}"


def _receipt(response: "GenerateContentResponse") -> Receipt:
    ending = gemini_client.ending(response)
    if ending.input_tokens is None or ending.output_tokens is None:
        return Receipt(ending.request_id)
    billed = {"input token": float(ending.input_tokens), "output token": float(ending.output_tokens)}
    return Receipt(ending.request_id, billed)
