"""What a publishing target is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
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

    def withdrawal(self, show: str, settings: Settings) -> AbstractContextManager[Callable[[str], None]]:
        """Hold a show, by its short name, against whoever publishes to it; gives what takes an episode of it down.

        That takes a guid. Once more changes nothing, and finishes what was stopped half-way.

        Raises:
            PublishError: it cannot be taken down from here.
            TransientError: it may be later.
        """
        ...
