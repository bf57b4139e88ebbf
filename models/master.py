"""The master: the finished file and what goes beside it; or what there is of an episode that is text only."""

from typing import Literal

from pydantic import Field

from models.documents import Artifact, Document


class ChapterTime(Document):
    title: str
    start_s: float
    end_s: float


class AdTime(Document):
    """An ad that is in a master."""

    title: str
    file: Artifact
    at: Literal["before", "between", "after"]
    """Where it really is: in an episode of one chapter none is between."""
    start_s: float
    end_s: float
    gain_db: float
    """That makes it as loud as the speech."""


class Master(Document):
    audio: Artifact
    """The MP3 that is published, tags included."""
    cover: Artifact
    chapters_json: Artifact
    transcript_vtt: Artifact
    transcript_srt: Artifact
    transcript_json: Artifact
    duration_s: float
    loudness_lufs: float
    """Integrated (EBU R128), measured on the decoded MP3."""
    true_peak_dbtp: float
    """Measured on the decoded MP3."""
    loudness_range_lu: float | None = None
    """EBU Tech 3342, measured on the decoded MP3. None: in a master older than this field."""
    speakers_lufs: dict[str, float] = Field(default_factory=dict)
    """Integrated loudness of the lines of each speaker, measured on the decoded MP3."""
    gain_db: float
    """Applied before the limiter."""
    limited_share: float
    """Share of the time the limiter was at work, 0 to 1."""
    bitrate_kbps: int
    sample_rate_hz: int
    channels: int
    chapters: tuple[ChapterTime, ...]
    ads: tuple[AdTime, ...] = ()
    """In the order they are heard; each is among the chapters too."""
    added_s: float = 0.0
    """By how much music and ads make it longer than its recording."""

    @property
    def speakers_apart_lu(self) -> float:
        """Between the loudest and the softest speaker; 0 where there is one."""
        loudnesses = self.speakers_lufs.values()
        return max(loudnesses) - min(loudnesses) if loudnesses else 0.0


class TextEdition(Document):
    """Takes the place of the master for an episode that no voice could speak. Loudness and peak are not applicable."""

    cover: Artifact
    transcript_txt: Artifact
    """The whole script, plain: a line of time would have no meaning."""
    code: str
    """Of the error that ended the turn of the voices it was cast with."""
