"""ElevenLabs: hosted voices, paid by the character."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from podmill.errors import ConfigurationError, InDoubtError, MissingExtraError, SpeechError, TransientError, VoiceError
from podmill.settings import Settings
from podmill.speech import elevenlabs_formats as formats
from podmill.speech import files, hosted, pitch
from podmill.speech.engine import EXTRAS, EngineCapabilities, RawSpeech, SpeechRequest, Voice
from podmill.speech.standing import Credit, Standing
from podmill.speech.timing import line_times

if TYPE_CHECKING:
    from podmill.money.record import Record
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

FAST: Final = ("flash", "turbo")
"""In the names of models that take half a credit for a character (its pricing page, October 2026)."""
CHARACTERS_UNKNOWN: Final = 5_000
"""Of a model that is neither in the table nor in the account's own list."""

STITCHING: Final = {
    *("eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_flash_v2", "eleven_turbo_v2"),
    *("eleven_v4", "eleven_v4_turbo"),
}
"""Models that are told what comes before and after, until one refuses that, as the third generation always does."""

DIALOGUE_CHARACTERS: Final = 2_000
"""Above, its documentation says, a dialogue may end early."""
DIALOGUE_VOICES: Final = 10

ENGLISH_ONLY: Final = {"eleven_flash_v2", "eleven_turbo_v2"}
LANGUAGES: Final = (
    *("en", "ja", "zh", "de", "hi", "fr", "ko", "pt", "it", "es", "id", "nl", "tr", "fil", "pl"),
    *("sv", "bg", "ro", "ar", "cs", "el", "fi", "hr", "ms", "sk", "da", "ta", "uk", "ru"),
)
"""Of ``eleven_multilingual_v2``."""
SECOND_AND_A_HALF: Final = ("hu", "no", "nb", "vi")
"""What ``eleven_flash_v2_5`` and ``eleven_turbo_v2_5`` speak besides."""
LATER: Final = (
    *("af", "hy", "as", "az", "be", "bn", "bs", "ca", "ceb", "ny", "et", "gl", "ka", "gu", "ha", "he", "is", "ga"),
    *("jv", "kn", "kk", "ky", "lv", "ln", "lt", "lb", "mk", "ml", "mr", "ne", "ps", "fa", "pa", "sr", "sd", "sl"),
    *("so", "sw", "te", "th", "ur", "cy"),
)
"""What the third generation and later ones speak besides those."""

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
        dialogues = model.startswith(settings.elevenlabs_dialogue_models)
        self.capabilities = EngineCapabilities(
            max_characters=MODELS.get(model, CHARACTERS_UNKNOWN),
            max_speakers=DIALOGUE_VOICES if dialogues else 1,
            sample_rate_hz=formats.rate_hz(settings.elevenlabs_format),
            price_unit="character",
            formats=(".mp3", ".wav"),
            queue="synthesis.api",
            timestamps=True,
            stitching=model in STITCHING,
            account=self.name,
            record_after_s=settings.elevenlabs_timeout_s + settings.elevenlabs_record_s,
            dialogue_characters=DIALOGUE_CHARACTERS if dialogues else None,
        )

    def limits(self) -> EngineCapabilities:
        """As ``LimitedEngine`` says: by the list of models that the account has, and what a model refused."""
        if self.settings.elevenlabs_api_key is None or find_spec("elevenlabs") is None:
            return self.capabilities
        account, model, known = self._account(), self.settings.elevenlabs_model, self.capabilities
        return replace(
            known,
            max_characters=account.characters_max().get(model, known.max_characters),
            stitching=known.stitching and model not in account.unstitched,
        )

    def usual(self, request: SpeechRequest) -> Mapping[str, float]:
        """As ``ForeseenEngine`` says: credits, of which fast models take half a one for a character."""
        return {self.capabilities.price_unit: float(math.ceil(request.characters * self._credits()))}

    @property
    def set_up(self) -> bool:
        return self.settings.elevenlabs_api_key is not None

    def check(self) -> frozenset[str] | None:
        """As ``CheckedEngine`` says: asks for the models of the account, and for its plan where the format needs one.

        What voices it may use it does not list.
        """
        account = self._account()
        account.models()
        if self.settings.elevenlabs_format in formats.NEEDS and (plan := account.subscription()):
            problem = formats.problem(self.settings.elevenlabs_format, plan.tier)
            if problem:
                raise problem
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
        problem = formats.problem(self.settings.elevenlabs_format, plan.tier)
        return Standing("", problem.message, problem.action) if problem else _standing(plan)

    def credit(self) -> Credit | None:
        """As ``CreditEngine`` says."""
        plan = self._account().subscription()
        if plan is None or plan.left is None:
            return None
        return Credit(plan.left, share=self._credits(), until=_renewed(plan))

    def record(self, since: float) -> "Record":
        """As ``RecordedProvider`` says."""
        account = self._account()
        from podmill.speech.elevenlabs_usage import record

        return record(account, since)

    def check_voice(self, voice: Voice) -> None:
        """As ``VoicesCheckedEngine`` says."""
        account = self._account()
        if account.check_voice(voice.base) and (plan := account.subscription()) and plan.tier == "free":
            raise VoiceError(
                f"The plan of ElevenLabs is free; the voice {voice.base} of its library needs a paid one.",
                action="Take one, or cast a voice that is not from there.",
            )

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
            "format": self.settings.elevenlabs_format,
            "seed": variant,
            "pitch": voice.pitch,
        }

    def speak(self, request: SpeechRequest) -> RawSpeech:
        account, wanted = self._account(), self._wanted(request)
        spoken = account.speak(wanted)
        try:
            return self._raw(request, spoken, recorded=False)
        except SpeechError as exc:
            raise InDoubtError(
                f"What ElevenLabs gave cannot be used, and is charged (request {spoken.receipt.request_id}): {exc}"
            ) from exc

    def find(self, request: SpeechRequest, since: float, taken: Callable[[str], bool]) -> RawSpeech | None:
        account, wanted = self._account(), self._wanted(request)
        spoken = account.find(wanted, since, since + (self.capabilities.record_after_s or 0.0), taken)
        try:
            return self._raw(request, spoken, recorded=True) if spoken else None
        except SpeechError as exc:
            raise TransientError(f"The history of ElevenLabs gave audio that cannot be used: {exc}") from exc

    def preload(self) -> None:
        self._must_be_installed()
        from podmill.speech import elevenlabs_account  # noqa: F401

        self.limits()

    def _voice(self, name: str, title: str) -> Voice:
        installed = find_spec("elevenlabs") is not None
        return Voice(
            f"{self.name}:{name}",
            title or name,
            self.name,
            _languages(self.settings.elevenlabs_model),
            "terms of ElevenLabs",
            installed,
        )

    def _credits(self) -> float:
        """That a character is likely to take."""
        return 0.5 if any(mark in self.settings.elevenlabs_model for mark in FAST) else 1.0

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
            output_format=self.settings.elevenlabs_format,
            seed=request.variant,
            before=request.before,
            after=request.after,
            turns=tuple(turns) if len(request.voices) > 1 else (),
            passage=hosted.where(request),
        )

    def _raw(self, request: SpeechRequest, spoken: "Spoken", *, recorded: bool) -> RawSpeech:
        data, suffix, media_type = formats.sound_file(spoken.audio, self.settings.elevenlabs_format, recorded=recorded)
        duration_s, sample_rate_hz = files.heard_s(data)
        texts = [line.text for line in request.lines]
        times = spoken.turns_s or line_times(texts, duration_s, spoken.alignment)
        factor = pitch.split(request.voices[0])[1] if len(request.voices) == 1 else 1.0
        return RawSpeech(None, sample_rate_hz, data, suffix, media_type, times, spoken.receipt, factor)

    def _must_be_installed(self) -> None:
        if find_spec("elevenlabs") is None:
            raise MissingExtraError(f"The engine {self.name!r}", extra=EXTRAS[self.name])


def _languages(model: str) -> tuple[str, ...]:
    if model in ENGLISH_ONLY:
        return ("en",)
    if model == "eleven_multilingual_v2":
        return LANGUAGES
    return (*LANGUAGES, *SECOND_AND_A_HALF, *(() if model.endswith("_v2_5") else LATER))


def _standing(plan: "Subscription") -> Standing:
    when = f", renewed on {day}" if (day := _renewed(plan)) else ""
    name = f"plan {plan.tier or 'unknown'}"
    if plan.left is None:
        return Standing(f"{name}{when}")
    if plan.left == 0:
        return Standing("", f"the credit of its {name} is used up{when}", "Buy credit, or wait until then.")
    return Standing(f"{name}, {plan.left:,} of {plan.limit:,} credits left{when}")


def _renewed(plan: "Subscription") -> str:
    """The day on which its credit is, where it says."""
    return f"{dt.datetime.fromtimestamp(plan.resets_at, dt.UTC):%Y-%m-%d}" if plan.resets_at else ""
