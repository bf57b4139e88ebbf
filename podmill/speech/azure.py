"""Azure Speech: hosted voices, paid by the character, asked over HTTP with SSML."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from podmill.errors import InDoubtError, SpeechError, VoiceError
from podmill.providers.replies import usable_key
from podmill.settings import Settings
from podmill.speech import azure_refusals as refusals
from podmill.speech import files, hosted
from podmill.speech.engine import EngineCapabilities, RawSpeech, Receipt, SpeechRequest, Voice
from podmill.speech.hosted import Answer

CHARACTERS_MAX: Final = 2_000
"""Of one request: in the slowest languages some eight minutes, and after ten Azure cuts the audio off."""
CUT_S: Final = 599.0
"""Audio as long as this was cut off, under the status of success."""

OUTPUT_FORMAT: Final = "riff-24khz-16bit-mono-pcm"
"""What its voices are made in, without a loss."""
SAMPLE_RATE_HZ: Final = 24000

VOICE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,30}){1,6}(:[A-Za-z0-9.-]{1,60})?")
LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(?=-|$)")
HD: Final = (":DragonHD", ":MAI-Voice")

MULTILINGUAL: Final = (
    *("en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "ro", "el", "tr", "ru"),
    *("uk", "ar", "hi", "id", "ms", "vi", "th", "zh", "ja", "ko"),
)
"""Spoken by voices that are called multilingual, each with the accent of its own."""

UNSPEAKABLE: Final = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, escaped or not."""

SPEAK: Final = (
    '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xmlns:mstts="https://www.w3.org/2001/mstts"'
    " xml:lang={language}><voice name={voice}{parameters}>{said}</voice></speak>"
)


class Azure:
    """Voices of a Speech resource: those in the settings are listed, any other can be cast by its name."""

    name = "azure"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._hd = any(_is_hd(name) for name, _ in hosted.named(settings.azure_speech_voices))
        self.capabilities = EngineCapabilities(
            max_characters=CHARACTERS_MAX,
            max_speakers=1,
            sample_rate_hz=SAMPLE_RATE_HZ,
            price_unit="character",
            formats=(".wav",),
            queue="synthesis.api",
            # Its REST interface tells no times: each line is a request of its own.
            timestamps=False,
            stitching=False,
            account=self.name,
        )

    def voices(self) -> tuple[Voice, ...]:
        return tuple(self._voice(name, title) for name, title in hosted.named(self.settings.azure_speech_voices))

    def voice(self, name: str) -> Voice:
        if not VOICE.fullmatch(name):
            raise VoiceError(
                f"{name!r} is not the name of a voice of Azure.",
                action="Copy its ShortName, for example en-US-AvaMultilingualNeural.",
            )
        if _is_hd(name) and not self._hd:
            raise VoiceError(
                f"{name!r} is an HD voice, which costs more than the voices of the settings.",
                action="Name it in PODMILL_AZURE_SPEECH_VOICES to allow it.",
            )
        return self._voice(name, name)

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {"format": OUTPUT_FORMAT, "ssml": _ssml(voice.base, "", variant), "pitch": voice.pitch}

    def speak(self, request: SpeechRequest) -> RawSpeech:
        name = self.voice(hosted.base_voice(request)).base
        ssml = _ssml(name, request.text, request.variant)
        answer = self._ask("POST", "v1", hosted.where(request), ssml)
        receipt = Receipt(answer.headers.get("x-requestid"), self._billed(name, request))
        try:
            raw = hosted.heard(request, answer.body, suffix=".wav", media_type="audio/wav", receipt=receipt)
        except SpeechError as exc:
            raise InDoubtError(f"What Azure gave cannot be used, and is charged: {exc}") from exc
        if files.heard_s(raw.data)[0] >= CUT_S:
            raise InDoubtError(
                f"Azure cut its speech of {hosted.where(request)} off after ten minutes, and charged for it."
            )
        return raw

    @property
    def set_up(self) -> bool:
        return self.settings.azure_speech_key is not None

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: asks for the voices of the region."""
        try:
            answer = self._ask("GET", "voices/list", "", None)
        except InDoubtError as exc:
            raise refusals.unreadable(exc) from exc
        try:
            told = json.loads(answer.body)
        except (ValueError, RecursionError):
            told = None
        voices = [voice for voice in told if isinstance(voice, dict)] if isinstance(told, list) else []
        return frozenset(name for voice in voices if isinstance(name := voice.get("ShortName"), str)) or None

    def preload(self) -> None:
        """Nothing to load."""

    def _voice(self, name: str, title: str) -> Voice:
        locale = _locale(name)
        languages = dict.fromkeys((locale, *(MULTILINGUAL if "multi" in name.lower() else ())))
        return Voice(f"{self.name}:{name}", title, self.name, tuple(languages), "terms of Azure Speech", True)

    def _ask(self, method: str, path: str, passage: str, ssml: str | None) -> Answer:
        settings = self.settings
        key = usable_key(settings.azure_speech_key, provider="Azure Speech", setting=refusals.KEY)
        url = settings.azure_speech_url or f"https://{settings.azure_speech_region}.tts.speech.microsoft.com"
        headers = {"Ocp-Apim-Subscription-Key": key}
        if ssml is not None:
            headers |= {"Content-Type": "application/ssml+xml", "X-Microsoft-OutputFormat": OUTPUT_FORMAT}
        answer = hosted.wire("Azure", settings.azure_speech_timeout_s).ask(
            method,
            f"{url.rstrip('/')}/cognitiveservices/{path}",
            setting=refusals.URL,
            headers=headers,
            content=ssml.encode() if ssml is not None else None,
        )
        if answer.status != 200:
            raise refusals.error(answer, passage, secret=key)
        return answer

    def priced(self, request: SpeechRequest) -> tuple[str, Mapping[str, float]]:
        """As ``MeteredEngine`` says: it counts more than the characters of a text, and HD voices have their price."""
        voice = hosted.base_voice(request)
        return self.name, {_unit(voice): self._billed(voice, request)}

    def _billed(self, voice: str, request: SpeechRequest) -> float:
        """What it bills, which it does not say: all within the voice, markup too, and a Han character twice."""
        said = _said(voice, request.text, request.variant)
        characters = len(said) + sum(unicodedata.name(each, "").startswith("CJK UNIFIED") for each in said)
        return float(characters)


def _ssml(voice: str, text: str, variant: int) -> str:
    # HD voices have a temperature and say a text another way every time; they do not take a rate.
    parameters = f' parameters="temperature={max(0.2, 1 - 0.2 * variant):.1f}"' if variant and _is_hd(voice) else ""
    return SPEAK.format(
        language=quoteattr(_locale(voice)),
        voice=quoteattr(voice),
        parameters=parameters,
        said=_said(voice, text, variant),
    )


def _said(voice: str, text: str, variant: int) -> str:
    """What is within the voice: each further variant is spoken a little slower, and so another way."""
    spoken = escape(UNSPEAKABLE.sub("", text))
    if not variant or _is_hd(voice):
        return spoken
    return f'<prosody rate="-{4 * variant}%">{spoken}</prosody>'


def _unit(voice: str) -> str:
    return "character by an HD voice" if _is_hd(voice) else "character"


def _is_hd(voice: str) -> bool:
    return any(mark in voice for mark in HD)


def _locale(voice: str) -> str:
    found = LOCALE.match(voice)
    return found[0] if found else "en-US"
