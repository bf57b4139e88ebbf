"""The recording: all takes joined, with the time of every line."""

from pydantic import Field

from models.documents import Artifact, Document


class LineTime(Document):
    """When a line is heard in the recording, in seconds."""

    index: int
    start_s: float
    end_s: float
    take: str
    """Key of the take it came from."""
    voice: str
    """``engine:voice`` that spoke it."""


class Recording(Document):
    audio: Artifact
    """FLAC, 16 bit."""
    sample_rate_hz: int
    channels: int
    duration_s: float
    lines: tuple[LineTime, ...]
    requests: int
    """Speech requests really made, all rounds: takes found in the cache are not counted."""
    variants: dict[int, int] = Field(default_factory=dict)
    """Lines that verification refused, and how often each was spoken anew."""
