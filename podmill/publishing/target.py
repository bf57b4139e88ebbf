"""What a publishing target is."""

from dataclasses import dataclass
from typing import Protocol

from models.publication import Publication
from models.release import Release
from podmill.context import StepContext
from podmill.settings import Settings


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can do and needs."""

    local: bool
    """Its copies are files of this machine: publications carry paths."""
    feed: bool
    """It makes the show's feed itself."""


class Target(Protocol):
    """A place where episodes are published. Made without arguments; holds no state between episodes."""

    name: str
    capabilities: Capabilities

    def publish(self, release: Release, context: StepContext) -> Publication:
        """Publish one episode. Publishing the same release again changes nothing and returns the same publication.

        Raises:
            PublishError: the target refuses the episode.
            TransientError: it may take it later.
        """
        ...

    def withdraw(self, guid: str, show: str, settings: Settings) -> None:
        """Take an episode down again, by its guid and the short name of its show. Once more changes nothing.

        Raises:
            PublishError: it cannot be taken down from here.
            TransientError: it may be later.
        """
        ...
