"""ElevenLabs: hosted voices, paid by the character."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from podmill.errors import ConfigurationError, InDoubtError, MissingExtraError, SpeechError, TransientError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, hosted, pitch
from podmill.speech.engine import EXTRAS, EngineCapabilities, RawSpeech, SpeechRequest, Voice
from podmill.speech.standing import Standing
from podmill.speech.timing import line_times

if TYPE_CHECKING:
    from podmill.speech.elevenlabs_account import Account, Spoken, Wanted
    from podmill.speech.elevenlabs_replies import Subscription

MODELS: Final = {
    "eleven_v4": 10_000,
    "eleven_v4_turbo": 10_000,
    "eleven_v3": 5_000,
    "eleven_v3_conversational": 5_000,
    "eleven_multilingual_v2": 10_000,
    "eleven_flash_v2_5": 40_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2": 30_000,
}
"""Characters that one request may have, by model (its documentation of models, October 2026)."""

CHARACTERS_UNKNOWN: Final = 5_000
"""Of a model that is neither in the table nor in the account's own list."""

STITCHING: Final = {
    *("eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_flash_v2", "eleven_turbo_v2"),
}
"""Models that are told what comes before and after. The third generation refuses a request that says so."""

DIALOGUE: Final = "eleven_v3"
"""What models that speak dialogues are called."""
DIALOGUE_CHARACTERS: Final = 2_000
"""Above, its documentation says, a dialogue may end early."""
DIALOGUE_VOICES: Final = 10

OUTPUT_FORMAT: Final = "mp3_44100_128"
"""The best that every plan allows; PCM at this rate needs the Pro plan."""
SAMPLE_RATE_HZ: Final = 44100

ENGLISH_ONLY: Final = {"eleven_flash_v2", "eleven_turbo_v2"}
LANGUAGES: Final = (
    *("en", "ja", "zh", "de", "hi", "fr", "ko", "pt", "it", "es", "id", "nl", "tr", "fil", "pl"),
    *("sv", "bg", "ro", "ar", "cs", "el", "fi", "hr", "ms", "sk", "da", "ta", "uk", "ru"),
)
"""Of ``eleven_multilingual_v2``; the later models speak these and more."""

VOICE_ID: Final = re.compile(r"[A-Za-z0-9]{8,64}")
"""It becomes part of an address."""
UNUSABLE: Final = ("incomplete", "past_due", "free_disabled")
"""States of a subscription that is not paid for, or stopped."""
KEY: Final = re.compile(r"[!-~]+")
"""It becomes a header."""


class ElevenLabs:
    """Voices of an account: those in the settings are listed, any other can be cast by its id."""

    name = "elevenlabs"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        model = settings.elevenlabs_model
        dialogues = model.startswith(DIALOGUE)
        self.capabilities = EngineCapabilities(
            max_characters=MODELS.get(model, CHARACTERS_UNKNOWN),
            max_speakers=DIALOGUE_VOICES if dialogues else 1,
            sample_rate_hz=SAMPLE_RATE_HZ,
            price_unit="character",
            queue="synthesis.api",
            timestamps=True,
            stitching=model in STITCHING,
            account=self.name,
            record_after_s=settings.elevenlabs_timeout_s + settings.elevenlabs_record_s,
            dialogue_characters=DIALOGUE_CHARACTERS if dialogues else None,
        )

    def limits(self) -> EngineCapabilities:
        """As ``LimitedEngine`` says: by the list of models that the account has."""
        if self.settings.elevenlabs_api_key is None or find_spec("elevenlabs") is None:
            return self.capabilities
        longest = self._account().characters_max().get(self.settings.elevenlabs_model)
        return replace(self.capabilities, max_characters=longest) if longest else self.capabilities

    @property
    def set_up(self) -> bool:
        return self.settings.elevenlabs_api_key is not None

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: asks for the models of the account. What voices it may use it does not list."""
        self._account().models()
        return None

    def standing(self) -> Standing:
        """As ``StandingEngine`` says: plan, credit left, and whether the account lists the model."""
        account, model = self._account(), self.settings.elevenlabs_model
        listed = account.models()
        if listed and model not in listed:
            return Standing(
                "", f"its account has no model {model}", f"Set PODMILL_ELEVENLABS_MODEL: {', '.join(sorted(listed))}."
            )
        plan = account.subscription()
        if plan is None:
            return Standing("credit unknown: the key may not read it (permission user_read)")
        if plan.status in UNUSABLE:
            return Standing("", f"its subscription is {plan.status}", "Look at its page of subscriptions.")
        return _standing(plan)

    def check_voice(self, voice: Voice) -> None:
        """As ``VoicesCheckedEngine`` says."""
        self._account().check_voice(voice.base)

    def voices(self) -> tuple[Voice, ...]:
        entries = (entry.partition("=") for entry in self.settings.elevenlabs_voices)
        return tuple(self._voice(name.strip(), title.strip()) for name, _, title in entries)

    def voice(self, name: str) -> Voice:
        if not VOICE_ID.fullmatch(name):
            raise VoiceError(
                f"{name!r} is not the id of a voice of ElevenLabs.",
                action="Copy the id from its page of voices: letters and digits, for example JBFqnCBsd6RMkjVDRZzb.",
            )
        return self._voice(name, name)

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        # The settings of the voice are those that the account has saved for it: it alone knows them.
        return {
            "model": self.settings.elevenlabs_model,
            "format": OUTPUT_FORMAT,
            "seed": variant,
            "pitch": voice.pitch,
        }

    def speak(self, request: SpeechRequest) -> RawSpeech:
        account, wanted = self._account(), self._wanted(request)
        spoken = account.speak(wanted)
        try:
            return _raw(request, spoken)
        except SpeechError as exc:
            raise InDoubtError(
                f"What ElevenLabs gave cannot be used, and is charged (request {spoken.receipt.request_id}): {exc}"
            ) from exc

    def find(self, request: SpeechRequest, since: float, taken: Callable[[str], bool]) -> RawSpeech | None:
        account, wanted = self._account(), self._wanted(request)
        spoken = account.find(wanted, since, since + (self.capabilities.record_after_s or 0.0), taken)
        try:
            return _raw(request, spoken) if spoken else None
        except SpeechError as exc:
            raise TransientError(f"The history of ElevenLabs gave audio that cannot be used: {exc}") from exc

    def preload(self) -> None:
        self._must_be_installed()
        from podmill.speech import elevenlabs_account  # noqa: F401

        self.limits()

    def _voice(self, name: str, title: str) -> Voice:
        languages = ("en",) if self.settings.elevenlabs_model in ENGLISH_ONLY else LANGUAGES
        installed = find_spec("elevenlabs") is not None
        return Voice(f"{self.name}:{name}", title or name, self.name, languages, "terms of ElevenLabs", installed)

    def _account(self) -> "Account":
        self._must_be_installed()
        from podmill.speech.elevenlabs_account import account

        secret = self.settings.elevenlabs_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not KEY.fullmatch(key):
            raise ConfigurationError(
                "ElevenLabs needs a key." if not key else "The key of ElevenLabs cannot be one.",
                action="Set PODMILL_ELEVENLABS_API_KEY, or cast another engine's voices.",
            )
        return account(self.settings.elevenlabs_url, key, self.settings.elevenlabs_timeout_s)

    def _wanted(self, request: SpeechRequest) -> "Wanted":
        from podmill.speech.elevenlabs_account import Wanted

        turns = [(line.text, self.voice(pitch.split(line.voice.partition(":")[2])[0]).base) for line in request.lines]
        return Wanted(
            text=request.text,
            voice_id=turns[0][1],
            model=self.settings.elevenlabs_model,
            output_format=OUTPUT_FORMAT,
            seed=request.variant,
            before=request.before,
            after=request.after,
            turns=tuple(turns) if len(request.voices) > 1 else (),
            passage=hosted.where(request),
        )

    def _must_be_installed(self) -> None:
        if find_spec("elevenlabs") is None:
            raise MissingExtraError(f"The engine {self.name!r}", extra=EXTRAS[self.name])


def _standing(plan: "Subscription") -> Standing:
    when = f", renewed on {dt.datetime.fromtimestamp(plan.resets_at, dt.UTC):%Y-%m-%d}" if plan.resets_at else ""
    name = f"plan {plan.tier or 'unknown'}"
    if plan.left is None:
        return Standing(f"{name}{when}")
    if plan.left == 0:
        return Standing("", f"the credit of its {name} is used up{when}", "Buy credit, or wait until then.")
    return Standing(f"{name}, {plan.left:,} of {plan.limit:,} credits left{when}")


def _raw(request: SpeechRequest, spoken: "Spoken") -> RawSpeech:
    duration_s, sample_rate_hz = files.heard_s(spoken.audio)
    texts = [line.text for line in request.lines]
    times = spoken.turns_s or line_times(texts, duration_s, spoken.alignment)
    factor = pitch.split(request.voices[0])[1] if len(request.voices) == 1 else 1.0
    return RawSpeech(None, sample_rate_hz, spoken.audio, ".mp3", "audio/mpeg", times, spoken.receipt, factor)
