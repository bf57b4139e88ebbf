"""What a step is handed besides its documents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from models.documents import Artifact
from models.take import Take
from podmill.offer import NothingForSale, Purchases
from podmill.settings import Settings


class ArtifactStore(Protocol):
    """Files by content hash. Writing is atomic; the same bytes are kept once."""

    def put(self, path: Path, *, suffix: str = "", media_type: str = "application/octet-stream") -> Artifact:
        """Take a copy of a file into the store."""
        ...

    def put_bytes(self, data: bytes, *, suffix: str = "", media_type: str = "application/octet-stream") -> Artifact:
        """Take small data into the store."""
        ...

    def has(self, artifact: Artifact) -> bool: ...

    def path(self, artifact: Artifact) -> Path:
        """A local, read-only file with the artifact's bytes.

        Raises:
            StoreError: the store does not hold it.
        """
        ...


class TakeCache(Protocol):
    """Takes by key, so that the same request is never spoken twice."""

    def get(self, key: str) -> Take | None:
        """The take, only if its audio is still in the store."""
        ...

    def put(self, take: Take) -> None: ...


class VoiceBook(Protocol):
    """How voices were heard, episode by episode. Embeddings of one model only are compared."""

    def first(self, voice: str, model: str) -> Sequence[float] | None:
        """As an episode before this one first had it; None: no other has been heard in it."""
        ...

    def keep(self, voice: str, model: str, embedding: Sequence[float]) -> None:
        """As this episode has it; what an earlier round kept is overwritten."""
        ...


class NothingHeard:
    """The book of who has no database: every voice is heard for the first time."""

    def first(self, voice: str, model: str) -> None:  # noqa: ARG002
        return None

    def keep(self, voice: str, model: str, embedding: Sequence[float]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class StepContext:
    """Handed to every step; owns nothing but ``temp_dir``, which is removed with the step run."""

    settings: Settings
    store: ArtifactStore
    takes: TakeCache
    scratch: Path
    """Where ``temp_dir`` is, once something asked for it."""
    progress: Callable[[float, str], None]
    """Called with 0 to 1 and a few words for a person; may raise LeaseLostError to stop the step."""
    purchases: Purchases = field(default_factory=NothingForSale)
    """Where the step buys; only workers have a ledger."""
    voices: VoiceBook = field(default_factory=NothingHeard)

    @property
    def temp_dir(self) -> Path:
        """A folder for temporary files. It is made when first asked for: half of the steps need none."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        return self.scratch
