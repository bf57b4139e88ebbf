"""What an engine is: a maker of speech, the voices it has, and what one request to it looks like."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.documents import Document
from podmill import registry
from podmill.settings import Settings

ENGINES: Final = registry.ENGINES
EXTRAS: Final = {"piper": "piper", "kokoro": "kokoro", "elevenlabs": "elevenlabs", "gemini": "gemini"}
"""The extra that installs an engine's packages; the others need none."""

Samples = NDArray[np.float32]
"""Mono audio, full scale at 1."""

DENSE: Final = {"zh", "yue", "ja", "ko"}
"""Languages whose characters are syllables or words: each takes some three times as long to say as a letter."""


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """What one request to an engine can hold, and how the engine is run and paid."""

    max_characters: int
    max_speakers: int
    sample_rate_hz: int
    price_unit: str
    """Unit of its entry in the price list; the first, where it is a ``MeteredEngine``."""
    formats: tuple[str, ...]
    """File name endings of the sound that it may answer with."""
    queue: Literal["synthesis.gpu", "synthesis.api"]
    timestamps: bool
    """Whether it says when each line of a request is heard."""
    stitching: bool
    """Whether it can be told what was said before and after a request."""
    account: str | None = None
    """Whose limits and circuit its requests share: ``elevenlabs``. None: it runs on our own machines."""
    record_after_s: float | None = None
    """Seconds after which a request that is not in the provider's own record was never made. None: it keeps none."""
    dialogue_characters: int | None = None
    """Of a request of several voices, where that is less than ``max_characters``."""
    dense_characters: int | None = None
    """Of a request in one of the ``DENSE`` languages, where that is less: its limit is a length of sound."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be cast."""

    id: str
    """``engine:name``, or ``engine:name@1.19`` when its pitch is shifted."""
    name: str
    """How a person calls it."""
    engine: str
    languages: tuple[str, ...]
    """Language tags it speaks, best first: ``en-US``."""
    licence: str
    installed: bool
    accent: str = ""
    """The accent it speaks with, when it is not that of a native speaker."""
    pitch: float = 1.0
    """Factor by which its pitch is raised."""

    @property
    def base(self) -> str:
        """Its name within the engine, without the pitch: ``joe``."""
        return self.id.partition(":")[2].partition("@")[0]

    def speaks(self, language: str) -> bool:
        """Whether it speaks a language, whatever the region: an ``en-US`` voice speaks ``en-GB``."""
        wanted = primary(language)
        return any(primary(tag) == wanted for tag in self.languages)


class RequestLine(Document):
    """A line of the script, or the part of a long one, as one request holds it."""

    index: int
    """Of the line in its script."""
    piece: int = 0
    """Where in its line it begins, in characters."""
    speaker: str
    voice: str
    text: str
    """As it is spoken: the pronunciation of names and numbers is already in it."""


class SpeechRequest(Document):
    """One call to an engine."""

    key: str
    """SHA-256 over all that decides how it sounds; the key of its take."""
    engine: str
    language: str
    variant: int = 0
    """0 at first; a line that was not understood is spoken again in variant 1, then 2."""
    lines: tuple[RequestLine, ...]
    before: str = ""
    """What its voice says right before it: for engines that take that; it is not spoken."""
    after: str = ""

    @property
    def voices(self) -> tuple[str, ...]:
        """Each voice once, in order of appearance."""
        return tuple(dict.fromkeys(line.voice for line in self.lines))

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def characters(self) -> int:
        """Characters sent to the engine."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said of a request besides the audio; None where it said nothing."""

    request_id: str | None = None
    billed: float | Mapping[str, float] | None = None
    """In the price unit of the engine, or of each unit."""
    at_once: int | None = None
    """Requests it is working on for this account."""
    at_once_max: int | None = None
    """Requests it would work on for this account."""


@dataclass(frozen=True, slots=True)
class RawSpeech:
    """What an engine gave for a request."""

    decoded: Samples | None
    """Mono sound. None: ``data`` is decoded when it is needed, so that long speech is never in memory as a whole."""
    sample_rate_hz: int
    data: bytes
    """The audio as it came, before anything was done to it."""
    suffix: str
    """File name ending of ``data``: ``.wav``."""
    media_type: str
    line_times_s: Sequence[tuple[float, float]] = ()
    """Start and end of every line of the request within ``samples``. Without: they are found in the sound."""
    receipt: Receipt | None = None
    """Of an outside provider."""
    pitch: float = 1.0
    """Factor by which the pitch of what ``data`` holds is still to be raised; 1 where ``decoded`` is given."""

    @property
    def samples(self) -> Samples:
        """All of it; for short speech."""
        if self.decoded is not None:
            return self.decoded
        # Both import this module.
        from podmill.speech import files, pitch

        return pitch.shift(files.decoded(self.data)[0], self.sample_rate_hz, self.pitch)


class Engine(Protocol):
    """A maker of speech. Making one is cheap: models load at ``preload`` or at the first request."""

    name: str
    capabilities: EngineCapabilities

    def __init__(self, settings: Settings) -> None: ...

    def voices(self) -> tuple[Voice, ...]:
        """Every voice it knows, best first; those that lack a package are not ``installed``."""
        ...

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        """All that decides how a text sounds besides the text: model, versions, settings."""
        ...

    def speak(self, request: SpeechRequest) -> RawSpeech:
        """Speak a request.

        Raises:
            MissingExtraError: its packages are not installed.
            ConfigurationError: its key or its plan does not allow it; nothing was made.
            QuotaError: its account is used up; nothing was made.
            VoiceError: it does not have the voice.
            HeldError: it refuses what the text says; nothing was made.
            RefusedError: it refuses the request as it is; nothing was made.
            TooLongError: it refuses it for its length.
            SpeechError: it cannot speak the text, or gives nothing that can be used; nothing was charged.
            BusyError: the provider's own limit is reached; nothing was made.
            InDoubtError: the request was sent and its outcome is not known, or it was charged for nothing of use.
            WastedError: it was charged, its provider says how much, and gave nothing of use.
            TransientError: it may work later; nothing was charged.
        """
        ...

    def preload(self) -> None:
        """Load what the first request would have to wait for."""
        ...


@runtime_checkable
class OpenEngine(Engine, Protocol):
    """An engine that has more voices than it lists: those of an account with its provider."""

    def voice(self, name: str) -> Voice:
        """The voice of a name; whether there is one shows when it is asked to speak.

        Raises:
            VoiceError: no voice can have that name.
        """
        ...


@runtime_checkable
class CheckedEngine(Engine, Protocol):
    """An engine whose key and address can be tried without spending anything."""

    @property
    def set_up(self) -> bool:
        """Whether the settings name what it needs: a key, or a server."""
        ...

    def check(self) -> frozenset[str] | None:
        """Ask for a list that costs nothing.

        Returns:
            Names of the voices it has; None when it does not list them.

        Raises:
            ConfigurationError: key, plan or address do not work.
            QuotaError: its account is used up.
            TransientError: it does not answer now.
        """
        ...


@runtime_checkable
class VoicesCheckedEngine(Engine, Protocol):
    """An engine that can say of each voice whether the account has it, without spending anything."""

    def check_voice(self, voice: Voice) -> None:
        """
        Raises:
            VoiceError: the account does not have it.
            ConfigurationError: key, plan or address do not work.
            TransientError: it does not answer now.
        """
        ...


@runtime_checkable
class LimitedEngine(Engine, Protocol):
    """An engine whose provider tells what an account may ask of it."""

    def limits(self) -> EngineCapabilities:
        """Its capabilities as the provider tells them, or as they are known where it does not answer."""
        ...


@runtime_checkable
class MeteredEngine(Engine, Protocol):
    """An engine that is paid by more than the characters of a request."""

    def priced(self, request: SpeechRequest) -> tuple[str, Mapping[str, float]]:
        """The provider as the price list names it, and how much of each unit a request may be billed for, at most."""
        ...


@runtime_checkable
class ForeseenEngine(Engine, Protocol):
    """An engine that is not always billed as much as it may be."""

    def usual(self, request: SpeechRequest) -> Mapping[str, float]:
        """How much of each unit a request is likely to be billed for."""
        ...


class RecordedEngine(Engine, Protocol):
    """An engine whose provider keeps a record of what it made: its ``record_after_s`` is set."""

    def find(self, request: SpeechRequest, since: float, taken: Callable[[str], bool]) -> RawSpeech | None:
        """Look a request up in the provider's own record.

        Args:
            since: seconds since 1970 of the intent.
            taken: whether a request id of the provider belongs to another charge already.

        Returns:
            What it made, not charged again; None when the record has no such request.

        Raises:
            TransientError: the record cannot be read now.
        """
        ...


def make(name: str, settings: Settings) -> Engine:
    """The engine registered under a name.

    Raises:
        ConfigurationError: there is no such engine.
    """
    return cast(Engine, registry.load(ENGINES, name, kind="engine", extras=EXTRAS)(settings))


def limits(made: Engine, language: str = "") -> EngineCapabilities:
    """What one request to an engine can hold, as its provider tells if it does."""
    found = made.limits() if isinstance(made, LimitedEngine) else made.capabilities
    if found.dense_characters is None or primary(language) not in DENSE:
        return found
    return replace(found, max_characters=min(found.max_characters, found.dense_characters))


def priced(made: Engine, request: SpeechRequest) -> tuple[str, Mapping[str, float]]:
    """Who is paid for a request, as the price list names it, and how much of each unit it may be billed for."""
    if isinstance(made, MeteredEngine):
        return made.priced(request)
    return made.name, {made.capabilities.price_unit: request.characters}


def usual(made: Engine, request: SpeechRequest) -> Mapping[str, float]:
    """How much of each unit a request is likely to be billed for."""
    return made.usual(request) if isinstance(made, ForeseenEngine) else priced(made, request)[1]


def primary(language: str) -> str:
    """The language of a tag without its region: ``en`` of ``en-US`` or ``en_US``."""
    return language.replace("_", "-").partition("-")[0].lower()
