"""The brief: what was asked for."""

from typing import Final, Literal

from pydantic import Field

from models.documents import Artifact, Document

LOCAL: Final = "local"
"""In an order of voices: the engines of this machine."""
TEXT: Final = "text"
"""In an order of voices: nobody speaks, and the episode is text only."""

Quality = Literal["standard", "hd"]
"""How good voices are asked to be: which models that means is in the settings of each engine."""
Concession = Literal["quality", "voice", "minutes"]
"""What may be given up where a budget does not cover an episode: HD, paid voices, part of its length."""


class Source(Document):
    """A document to make an episode from: a file taken into the store at submission, or an https address."""

    name: str
    """What the person called it: the path or the URL as written."""
    url: str | None = None
    artifact: Artifact | None = None
    media_type: str = ""
    """As guessed from the name at submission; the reader checks the content itself."""


class CastMember(Document):
    """One speaker of an episode and the voice that speaks for them."""

    speaker: str
    """Tag used in scripts: ``S1``, ``S2``, ..."""
    name: str
    """How listeners know the speaker."""
    voice: str
    """``engine:voice`` (``piper:joe``), or ``auto`` for the best installed voice that differs from those before it."""
    voices: tuple[str, ...] = ()
    """Voices of other engines that may speak for them when the engine of ``voice`` cannot: ``engine:voice`` each."""
    persona: str | None = None
    """Who the speaker is and how they talk, for a writer that is a language model."""


class Fallback(Document):
    """Who speaks when the voices of a cast cannot, and what may be worse then."""

    order: tuple[str, ...]
    """Engines, ``local`` for those of this machine, and last ``text``, in the order in which they are tried."""
    policy: Literal["never", "whole", "mixed"]
    """Nobody else; another speaks the whole episode; another may speak the rest of what is half spoken."""
    degrade: tuple[Literal["auto", "shifted"], ...]
    """What ``local`` may do: cast voices that nobody named, and one voice at several pitches for several speakers."""


class Brief(Document):
    """What a person asked for. Exactly one of ``script`` or ``topic``/``title`` with ``sources`` is the content."""

    show: str
    """Slug of the show."""
    topic: str | None = None
    title: str | None = None
    summary: str | None = None
    sources: tuple[Source, ...] = ()
    script: Source | None = None
    minutes: float = Field(default=5.0, gt=0, le=240)
    language: str = "en"
    cast: tuple[CastMember, ...] = ()
    fallback: Fallback | None = None
    """None, in a brief that is older than this field: as the settings say."""
    quality: Quality | None = None
    """None, in a brief that is older than this field: as the settings say."""
    degrade: tuple[Concession, ...] = ()
    """What is given up, in this order, until a budget covers it. Nothing: it waits for the money."""
    writer: str = "offline"
    researchers: tuple[str, ...] = ()
    """Who is asked besides the sources: ``web``, ``google``, ``exa``. Empty: as the settings say."""
    artwork: Artifact | None = None

    @property
    def subject(self) -> str:
        """The words that name the episode before it has a script."""
        return self.title or self.topic or "Untitled"
