"""How the episodes of a show sound: their loudness, and what is heard besides the speech."""

from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from models.documents import Artifact, Document

BIT_RATES_KBPS: Final = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Of MPEG-1 Layer III, the one for 44.1 kHz (ISO/IEC 11172-3); LAME would silently take the nearest."""
PIECE_MAX_S: Final = 600.0
"""Of an intro, an outro, a sting, an ad."""
BED_MAX_S: Final = 4 * 3600.0
"""What is longer than its episode is cut off; this only bounds what is kept."""
FADE_MAX_S = 60.0
ADS_MAX = 20


class Piece(Document):
    """Music with a beginning and an end: an intro, an outro, a sting."""

    file: Artifact
    length_s: float | None = Field(default=None, ge=0.5, le=PIECE_MAX_S)
    """How much of it is played, from its beginning; None: all of it."""
    level_lu: float = Field(default=0.0, ge=-40, le=6)
    """Its loudness against that of the speech, where nobody speaks."""
    fade_in_s: float = Field(default=0.0, ge=0, le=FADE_MAX_S)
    fade_out_s: float = Field(default=2.0, ge=0, le=FADE_MAX_S)
    overlap_s: float = Field(default=0.0, ge=-10, le=FADE_MAX_S)
    """How long speech and music are heard together; below 0: the silence between them. Speech follows an intro and a
    sting, and comes before an outro."""


class Bed(Document):
    """Music under all speech, from its beginning again whenever it ends."""

    file: Artifact
    level_lu: float = Field(default=-12.0, ge=-40, le=6)
    """Its loudness against that of the speech, where nobody speaks."""
    fade_in_s: float = Field(default=2.0, ge=0, le=FADE_MAX_S)
    fade_out_s: float = Field(default=2.0, ge=0, le=FADE_MAX_S)
    loop_fade_s: float = Field(default=2.0, ge=0.05, le=30)
    """How long its end and its new beginning are heard together."""


class Ducking(Document):
    """How music makes room for speech."""

    below_lu: float = Field(default=20.0, ge=6, le=60)
    """The loudest 400 ms of the music are at least this far below the line that is spoken. WCAG 2.2 asks for 20 dB
    (success criterion 1.4.7); in listening tests 10 LU and more were wanted under commentary (Torcoli et al., JAES
    67/12, 2019)."""
    attack_s: float = Field(default=0.5, ge=0.02, le=10)
    """How long the music goes down before the first word: it is down when the word begins."""
    release_s: float = Field(default=0.5, ge=0.05, le=20)
    """How long it comes up after the last word."""
    hold_s: float = Field(default=1.0, ge=0, le=60)
    """Silence for which it stays down, so that it does not pump between lines. This and the two above: the defaults of
    Audacity's Auto Duck (maximum pause, outer fades)."""


class Ad(Document):
    """Somebody else's message, as loud as the speech, in a chapter of its own."""

    file: Artifact
    title: str = Field(default="Advertisement", min_length=1, max_length=200)
    """Of its chapter."""
    at: Literal["before", "between", "after"]
    """Before all else, between two chapters, after all else."""
    chapter: int | None = Field(default=None, ge=1)
    """The chapter it follows, counted from 1, of one that is ``between``; None: where the border nearest the middle of
    the speech is."""

    @model_validator(mode="after")
    def _only_between(self) -> Self:
        if self.chapter is not None and self.at != "between":
            raise ValueError("only an ad that is `between` has a chapter")
        return self


class Sound(Document):
    """Everything of it that a show may state; what it does not state is as the settings say, or is not there."""

    channels: int | None = Field(default=None, ge=1, le=2)
    """1 is mono, 2 is stereo."""
    loudness_lufs: float | None = Field(default=None, ge=-40, le=-5)
    """Integrated loudness of the published file, as BS.1770 counts it: a mono file is one channel.

    A player that sends mono to both ears plays it 3 LU louder than it measures: for mono and stereo to be equally loud
    there, ask -16 of stereo and -19 of mono.
    """
    true_peak_dbtp: float | None = Field(default=None, ge=-9, le=0)
    """Highest true peak of the published file."""
    bitrate_kbps: int | None = None
    """Of the MP3, constant."""
    intro: Piece | None = None
    outro: Piece | None = None
    sting: Piece | None = None
    """Between two chapters."""
    bed: Bed | None = None
    ducking: Ducking = Ducking()
    ads: tuple[Ad, ...] = Field(default=(), max_length=ADS_MAX)

    @property
    def pieces(self) -> dict[str, Piece]:
        """Those there are: ``intro``, ``outro``, ``sting``."""
        named = {"intro": self.intro, "outro": self.outro, "sting": self.sting}
        return {name: piece for name, piece in named.items() if piece}

    @field_validator("bitrate_kbps")
    @classmethod
    def _of_the_standard(cls, value: int | None) -> int | None:
        if value is not None and value not in BIT_RATES_KBPS:
            raise ValueError(f"an MP3 cannot have {value} kbit/s; use one of {', '.join(map(str, BIT_RATES_KBPS))}")
        return value

    @property
    def plain(self) -> bool:
        """Whether nothing is heard but the speech."""
        return not (self.pieces or self.bed or self.ads)
