"""What a master is to be."""

from dataclasses import dataclass

from models.sound import Sound
from podmill.settings import Settings


@dataclass(frozen=True, slots=True)
class Target:
    """The form and the loudness of a published file."""

    channels: int
    loudness_lufs: float
    """Integrated, of the decoded file; a mono file counts as one channel."""
    true_peak_dbtp: float
    """Highest of the decoded file."""
    bitrate_kbps: int

    @classmethod
    def of(cls, sound: Sound | None, settings: Settings) -> "Target":
        """What a show asks for, and what the settings say where it asks for nothing."""
        asked = sound.model_dump(include=set(cls.__slots__), exclude_none=True) if sound else {}
        return cls(**{name: asked.get(name, getattr(settings, name)) for name in cls.__slots__})
