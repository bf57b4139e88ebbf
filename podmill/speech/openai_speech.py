"""Any server that speaks OpenAI's ``/v1/audio/speech``: most local GPU servers do."""

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from podmill.errors import ConfigurationError, InDoubtError, PodmillError, SpeechError, TransientError, VoiceError
from podmill.providers.replies import usable_key
from podmill.settings import Settings
from podmill.speech import hosted
from podmill.speech import openai_refusals as refusals
from podmill.speech.engine import EngineCapabilities, RawSpeech, Receipt, SpeechRequest, Voice
from podmill.speech.hosted import Answer
from podmill.speech.sound import FORMATS, sound
from podmill.speech.standing import Standing

VOICE: Final = re.compile(r"[\w][\w .+()/-]{0,99}", re.ASCII)
"""``af_heart``, ``af_bella(2)+af_sky``."""
FIELD: Final = re.compile(r"(?P<name>[A-Za-z_]\w{0,60})=(?P<value>.*)", re.ASCII | re.DOTALL)
SLOWER: Final = 0.04
"""There is no seed that all servers know: each further variant of a line is spoken this much slower."""


class OpenAISpeech:
    """Voices of one server: those in the settings are listed, any other can be cast by its name."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.own = is_own(settings)
        self.capabilities = EngineCapabilities(
            max_characters=settings.openai_speech_characters,
            max_speakers=1,
            sample_rate_hz=settings.openai_speech_rate_hz,
            price_unit="character on a server of your own" if self.own else "character",
            formats=FORMATS,
            queue="synthesis.gpu" if self.own else "synthesis.api",
            # The interface tells no times: each line is a request of its own.
            timestamps=False,
            stitching=False,
            account=None if self.own else self.name,
        )

    def voices(self) -> tuple[Voice, ...]:
        return tuple(self._voice(name, title) for name, title in hosted.named(self.settings.openai_speech_voices))

    def voice(self, name: str) -> Voice:
        if not VOICE.fullmatch(name):
            raise VoiceError(
                f"{name!r} is not the name of a voice.", action="Ask the server for its voices, for example af_heart."
            )
        return self._voice(name, name)

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        wanted = self._wanted("", voice.base, variant)
        # Two servers may call different voices the same.
        return {"server": _address(self.settings), "wanted": wanted, "pitch": voice.pitch}

    def speak(self, request: SpeechRequest) -> RawSpeech:
        voice = self.voice(hosted.base_voice(request)).base
        content = json.dumps(self._wanted(request.text, voice, request.variant)).encode()
        try:
            answer = self._ask("POST", "audio/speech", content)
            if answer.status != 200:
                raise self._error(answer, hosted.where(request))
            receipt = Receipt(answer.headers.get("x-request-id")) if not self.own else None
            return self._raw(request, answer, receipt)
        except InDoubtError as exc:
            if not self.own:
                raise
            # Nobody charges for what a server of our own did not deliver.
            raise TransientError(exc.message, action=exc.action) from exc

    @property
    def set_up(self) -> bool:
        # A server of the language model need not speak: it is looked at only where it is meant to.
        settings = self.settings
        return settings.engine == self.name or bool(settings.openai_speech_url or settings.openai_speech_api_key)

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: asks for the models, and for the voices, which not every server lists."""
        try:
            models, voices = (self._ask("GET", path) for path in ("models", "audio/voices"))
            # A server of our own may list neither: that it answers is all that can be known.
            if models.status != 200 and not (self.own and models.status == 404):
                raise self._error(models, "")
        except InDoubtError as exc:
            raise TransientError(f"The speech server cannot be read now. {exc.message}") from exc
        try:
            told = json.loads(voices.body) if voices.status == 200 else None
        except (ValueError, RecursionError):
            told = None
        listed = told.get("voices") if isinstance(told, dict) else told
        names = [
            each.get("id") or each.get("name") if isinstance(each, dict) else each
            for each in (listed if isinstance(listed, list) else [])
        ]
        return frozenset(name for name in names if isinstance(name, str)) or None

    def standing(self) -> Standing:
        """As ``StandingEngine`` says: whether the server lists the model."""
        try:
            answer = self._ask("GET", "models")
        except InDoubtError as exc:
            raise TransientError(f"The speech server cannot be read now. {exc.message}") from exc
        model, listed = self.settings.openai_speech_model, _models(answer)
        if not listed or model in listed:
            return Standing("")
        return Standing("", f"it has no model {model}", f"Set {refusals.MODEL}. It has {', '.join(listed[:8])}.")

    def preload(self) -> None:
        """Nothing to load: the server has its models."""

    def _voice(self, name: str, title: str) -> Voice:
        languages = self.settings.openai_speech_languages or ("en",)
        return Voice(f"{self.name}:{name}", title, self.name, languages, "as the server's models say", True)

    def _wanted(self, text: str, voice: str, variant: int) -> dict[str, Any]:
        settings = self.settings
        wanted: dict[str, Any] = {
            "model": settings.openai_speech_model,
            "input": text,
            "voice": voice,
            "response_format": settings.openai_speech_format,
            "speed": round(1.0 - SLOWER * variant, 2),
        }
        if self.own:
            # Some local servers stream unless they are told not to; OpenAI's own refuses fields that it does not know.
            wanted["stream"] = False
        return wanted | _fields(settings.openai_speech_fields)

    def _ask(self, method: str, path: str, content: bytes | None = None) -> Answer:
        settings = self.settings
        headers = {"Content-Type": "application/json"} if content is not None else {}
        key = _key(settings, must_have=not self.own)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return hosted.wire(_server(settings), settings.openai_speech_timeout_s).ask(
            method, f"{_address(settings)}/{path}", setting=refusals.URL, headers=headers, content=content
        )

    def _error(self, answer: Answer, passage: str) -> PodmillError:
        settings = self.settings
        return refusals.error(
            answer,
            passage,
            server=_server(settings),
            model=settings.openai_speech_model,
            secret=_key(settings),
        )

    def _raw(self, request: SpeechRequest, answer: Answer, receipt: Receipt | None) -> RawSpeech:
        settings = self.settings
        # An answer in words is no speech, even where raw samples, which have no mark, were asked for.
        in_words = answer.headers.get("content-type", "").startswith(("text/", "application/json"))
        bare = settings.openai_speech_format == "pcm" and not in_words
        try:
            made = sound(answer.body, pcm_rate_hz=settings.openai_speech_rate_hz if bare else None)
            return hosted.heard(request, made.data, suffix=made.suffix, media_type=made.media_type, receipt=receipt)
        except SpeechError as exc:
            words = f" It says: {refusals.words(answer, _key(settings))}" if in_words else ""
            raise InDoubtError(f"What the speech server gave cannot be used: {exc}{words}") from exc


def _models(answer: Answer) -> list[str]:
    try:
        told = json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        told = None
    listed = told.get("data") if isinstance(told, dict) else None
    found = [each.get("id") for each in (listed if isinstance(listed, list) else []) if isinstance(each, dict)]
    return [name[:100] for name in found if isinstance(name, str)]


def is_own(settings: Settings) -> bool:
    """Whether the server is one of our own, from the settings alone: nothing is looked up."""
    if settings.openai_speech_own is not None:
        return settings.openai_speech_own
    if settings.openai_own and _shared(settings):
        return True
    try:
        host = urlsplit(_address(settings)).hostname or ""
    except ValueError:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A service of a compose file or a name of the local network.
        return bool(host) and ("." not in host or host.endswith((".local", ".internal", ".lan")))
    return address.is_loopback or address.is_private or address.is_link_local


def _address(settings: Settings) -> str:
    return (settings.openai_speech_url or settings.openai_url).rstrip("/")


def _server(settings: Settings) -> str:
    """Its name for a person: the address without what may be secret in it."""
    try:
        parts = urlsplit(_address(settings))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "The speech server"
    return f"{parts.hostname}{port}" if parts.hostname else "The speech server"


def _shared(settings: Settings) -> bool:
    """Whether it is the server of the language model too."""
    return _address(settings) == settings.openai_url.rstrip("/")


def _key(settings: Settings, *, must_have: bool = False) -> str:
    secret = settings.openai_speech_api_key or (settings.openai_api_key if _shared(settings) else None)
    if not must_have and not (secret and secret.get_secret_value().strip()):
        return ""
    return usable_key(secret, provider="the speech server", setting=refusals.KEY)


def _fields(entries: tuple[str, ...]) -> dict[str, Any]:
    """Fields of the settings: numbers, booleans and words."""
    found: dict[str, Any] = {}
    for entry in entries:
        match = FIELD.fullmatch(entry)
        if match is None:
            raise ConfigurationError(
                f"{entry!r} is no field of a request.", action="Write PODMILL_OPENAI_SPEECH_FIELDS as name=value."
            )
        try:
            value = json.loads(match["value"])
        except (ValueError, RecursionError):
            value = match["value"]
        found[match["name"]] = value
    return found
