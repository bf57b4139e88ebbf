"""The recording: all takes joined, with the time of every line; or the reason why there is none."""

from collections.abc import Iterable

from pydantic import Field

from models.documents import Artifact, Document


def engines_of(voices: Iterable[str]) -> tuple[str, ...]:
    """The engine of each ``engine:voice``, each once."""
    return tuple(dict.fromkeys(voice.partition(":")[0] for voice in voices))


class LineTime(Document):
    """When a line is heard in the recording, in seconds."""

    index: int
    start_s: float
    end_s: float
    take: str
    """Key of the take it came from."""
    voice: str
    """``engine:voice`` that spoke it."""
    clipped: int | None = None
    """How often its engine's sound is cut off at the top. None: its take is older than this field."""
    variant: int = 0
    """Of the request that it was asked for with."""


class PassedOver(Document):
    """Voices that did not speak an episode, or not all of it, although their turn was before those that did."""

    voices: dict[str, str]
    """By speaker: ``engine:voice``."""
    code: str
    """Of the error that ended their turn: ``quota``."""
    reason: str
    """What it said."""

    @property
    def who(self) -> str:
        """Their engines, for a person."""
        return " and ".join(engines_of(self.voices.values()))


class Recording(Document):
    audio: Artifact | None
    """FLAC, 16 bit. None: no voice could speak, and the episode is text only."""
    sample_rate_hz: int
    channels: int
    duration_s: float
    lines: tuple[LineTime, ...]
    requests: int
    """Speech requests really made, all rounds: takes found in the cache are not counted."""
    variants: dict[int, int] = Field(default_factory=dict)
    """Lines that verification refused, and how often each was spoken anew."""
    given_up: dict[int, str] = Field(default_factory=dict)
    """Lines that could not be spoken anew as they were to be, and why: they are heard as they were before."""
    passed_over: tuple[PassedOver, ...] = ()
    """In the order of their turns."""
    voices: dict[str, str] = Field(default_factory=dict)
    """By speaker, of those whose turn was last. Empty for text only, and in a recording older than this field."""
    source_rates_hz: dict[str, int] = Field(default_factory=dict)
    """By ``engine:voice`` that is heard: the lowest sample rate at which its engine gave it. Without those of whose
    takes it is not known."""

    @property
    def text_only(self) -> bool:
        return self.audio is None

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that are heard, each once; empty for text only."""
        return engines_of(line.voice for line in self.lines)

    @property
    def sound(self) -> Artifact:
        """The audio of a recording that has one.

        Raises:
            ValueError: it is text only.
        """
        if self.audio is None:
            raise ValueError("A recording that is text only has no sound.")
        return self.audio
