"""What every researcher does."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from models.brief import Brief
from models.dossier import Dossier
from podmill.context import StepContext


@dataclass(frozen=True, slots=True)
class ResearcherCapabilities:
    """What a researcher needs and can do."""

    needs_sources: bool
    """Whether it only reads what the brief names."""
    paid: bool
    """Whether asking it costs money."""


class Researcher(Protocol):
    """Makes the dossier of an episode."""

    name: ClassVar[str]
    capabilities: ClassVar[ResearcherCapabilities]

    def research(self, brief: Brief, context: StepContext) -> Dossier:
        """The facts for an episode.

        Raises:
            InputError: the brief lacks what this researcher needs.
            SourceError: a source cannot be read, or holds nothing on the topic.
            TransientError: a source may be there later.
        """
        ...
