"""A take: the audio of one speech request."""

from models.documents import Artifact, Document


class TakeLine(Document):
    """Where a line lies within its take, in seconds."""

    index_in_take: int
    start_s: float
    end_s: float
    clipped: int | None = None
    """How often the engine's sound is cut off at the top in it. None: in a take older than this field."""


class Take(Document):
    key: str
    """Hash of engine, model, voice, settings, text, pronunciation and variant."""
    engine: str
    voice: str
    raw: Artifact
    """As the engine gave it."""
    audio: Artifact
    """FLAC: trimmed, levelled, mono, 44.1 kHz."""
    duration_s: float
    """Of ``audio``."""
    source_rate_hz: int | None = None
    """Of ``raw``. None: in a take older than this field."""
    lines: tuple[TakeLine, ...]
