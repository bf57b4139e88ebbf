"""MiniMax: hosted voices, paid by the character, asked over HTTP."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from podmill.errors import InDoubtError, PodmillError, SpeechError, VoiceError
from podmill.providers.replies import usable_key
from podmill.settings import Settings
from podmill.speech import hosted
from podmill.speech import minimax_refusals as refusals
from podmill.speech.engine import EngineCapabilities, RawSpeech, Receipt, SpeechRequest, Voice, primary
from podmill.speech.timing import Alignment, of_passages

CHARACTERS_MAX: Final = 3_000
"""Of one request: above this its documentation advises to stream, above 10,000 it refuses."""
SAMPLE_RATE_HZ: Final = 44100
AUDIO: Final = {"sample_rate": SAMPLE_RATE_HZ, "bitrate": 128_000, "format": "mp3", "channel": 1}

LANGUAGES: Final = {
    "en": "English",
    "zh": "Chinese",
    "yue": "Chinese,Yue",
    "ar": "Arabic",
    "ru": "Russian",
    "es": "Spanish",
    "fr": "French",
    "pt": "Portuguese",
    "de": "German",
    "tr": "Turkish",
    "nl": "Dutch",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "id": "Indonesian",
    "ja": "Japanese",
    "it": "Italian",
    "ko": "Korean",
    "th": "Thai",
    "pl": "Polish",
    "ro": "Romanian",
    "el": "Greek",
    "cs": "Czech",
    "fi": "Finnish",
    "hi": "Hindi",
}
"""What it calls the languages that its models of 02 and later speak."""

VOICE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ()_.-]{0,99}")
PAUSE: Final = re.compile(r"<(?=#)")
"""``<#1.5#>`` in a text would be a pause: nobody writes one in a script on purpose."""
SLOWER: Final = 0.04
"""It has no seed: each further variant of a line is spoken this much slower, and so another way."""

SUBTITLES_TIMEOUT_S: Final = 10.0
SUBTITLES_MAX_BYTES: Final = 4 << 20


class MiniMax:
    """Voices of MiniMax: those in the settings are listed, any other can be cast by its id."""

    name = "minimax"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        turbo = "turbo" in settings.minimax_model
        self.capabilities = EngineCapabilities(
            max_characters=CHARACTERS_MAX,
            max_speakers=1,
            sample_rate_hz=SAMPLE_RATE_HZ,
            price_unit="character by a turbo model" if turbo else "character",
            formats=(".mp3",),
            queue="synthesis.api",
            timestamps=True,
            stitching=False,
            account=self.name,
        )

    def voices(self) -> tuple[Voice, ...]:
        return tuple(self._voice(name, title) for name, title in hosted.named(self.settings.minimax_voices))

    def voice(self, name: str) -> Voice:
        if not VOICE_ID.fullmatch(name):
            raise VoiceError(
                f"{name!r} is not the id of a voice of MiniMax.",
                action="Copy the id from its list of voices, for example English_expressive_narrator.",
            )
        return self._voice(name, name)

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {"model": self.settings.minimax_model, "audio": AUDIO, "speed": _speed(variant), "pitch": voice.pitch}

    def speak(self, request: SpeechRequest) -> RawSpeech:
        text = PAUSE.sub("< ", request.text)
        wanted = {
            "model": self.settings.minimax_model,
            "text": text,
            "stream": False,
            "output_format": "hex",
            "language_boost": LANGUAGES.get(primary(request.language), "auto"),
            "voice_setting": {
                "voice_id": self.voice(hosted.base_voice(request)).base,
                "speed": _speed(request.variant),
            },
            "audio_setting": AUDIO,
            # They are a file of its own: fetched only where it tells more than the length of the audio.
            "subtitle_enable": len(request.lines) > 1,
        }
        reply = self._ask("/v1/t2a_v2", wanted, hosted.where(request))
        receipt = _receipt(reply)
        told = reply.get("data")
        data = told if isinstance(told, dict) else {}
        audio = _bytes(data.get("audio"))
        if not audio:
            raise InDoubtError(
                f"MiniMax answered without audio (request {receipt.request_id}); whether it charged is not known."
            )
        alignment = self._subtitles(data.get("subtitle_file"), text) if len(request.lines) > 1 else None
        try:
            return hosted.heard(
                request, audio, suffix=".mp3", media_type="audio/mpeg", receipt=receipt, alignment=alignment
            )
        except SpeechError as exc:
            raise InDoubtError(
                f"What MiniMax gave cannot be used, and is charged (request {receipt.request_id}): {exc}"
            ) from exc

    @property
    def set_up(self) -> bool:
        return self.settings.minimax_api_key is not None

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: asks for the voices of the account."""
        try:
            reply = self._ask("/v1/get_voice", {"voice_type": "all"}, "")
        except InDoubtError as exc:
            raise refusals.unreadable(exc) from exc
        lists = [reply.get(kind) for kind in ("system_voice", "voice_cloning", "voice_generation")]
        voices = [voice for listed in lists if isinstance(listed, list) for voice in listed if isinstance(voice, dict)]
        return frozenset(name for voice in voices if isinstance(name := voice.get("voice_id"), str)) or None

    def preload(self) -> None:
        """Nothing to load."""

    def _voice(self, name: str, title: str) -> Voice:
        # A voice of one language speaks the others too, with its accent: its own comes first.
        own = [tag for tag, language in LANGUAGES.items() if name.startswith((f"{language}_", f"{language} "))]
        languages = tuple(dict.fromkeys([*own, *LANGUAGES]))
        return Voice(f"{self.name}:{name}", title, self.name, languages, "terms of MiniMax", True)

    def _ask(self, path: str, content: Mapping[str, Any], passage: str) -> dict[str, Any]:
        """The reply to a request that was carried out.

        Raises:
            PodmillError: it was not; or that is not known.
        """
        settings = self.settings
        key = usable_key(settings.minimax_api_key, provider="MiniMax", setting=refusals.KEY)
        group = f"?GroupId={quote(settings.minimax_group_id, safe='')}" if settings.minimax_group_id else ""
        answer = hosted.wire("MiniMax", settings.minimax_timeout_s).ask(
            "POST",
            f"{settings.minimax_url.rstrip('/')}{path}{group}",
            setting=refusals.URL,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            content=json.dumps(content).encode(),
        )
        reply = refusals.reply_of(answer)
        error = refusals.error(answer, reply, passage, model=settings.minimax_model, secret=key)
        if error:
            raise error
        return reply

    def _subtitles(self, url: object, text: str) -> Alignment | None:
        """When each character is heard. The speech is paid for: whatever is wrong with the file, there is none."""
        if not isinstance(url, str) or not url.startswith(("https://", f"{self.settings.minimax_url.rstrip('/')}/")):
            return None
        try:
            # Without the key: it is not at MiniMax, but where it keeps its files.
            answer = hosted.wire("MiniMax", SUBTITLES_TIMEOUT_S).ask(
                "GET", url, setting=refusals.URL, max_bytes=SUBTITLES_MAX_BYTES
            )
        except PodmillError:
            return None
        return of_passages(text, _passages(answer.body)) if answer.status == 200 else None


def _speed(variant: int) -> float:
    return round(1.0 - SLOWER * variant, 2)


def _receipt(reply: Mapping[str, Any]) -> Receipt:
    told, trace = reply.get("extra_info"), reply.get("trace_id")
    used = told.get("usage_characters") if isinstance(told, dict) else None
    billed = float(used) if type(used) is int and 0 <= used < 10**9 else None
    return Receipt(trace[:100] if isinstance(trace, str) else None, billed)


def _bytes(digits: object) -> bytes:
    try:
        return bytes.fromhex(digits) if isinstance(digits, str) else b""
    except ValueError:
        return b""


def _passages(body: bytes) -> list[tuple[str, float, float]]:
    """Text, start and end in seconds of every entry of a subtitle file."""
    try:
        told = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return []
    found = []
    for entry in told if isinstance(told, list) else []:
        values = [entry.get(name) for name in ("text", "time_begin", "time_end")] if isinstance(entry, dict) else []
        match values:
            case [str(text), int() | float() as begin_ms, int() | float() as end_ms]:
                found.append((text, begin_ms / 1000, end_ms / 1000))
            case _:
                return []
    return found
