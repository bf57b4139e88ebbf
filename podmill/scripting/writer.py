"""What a writer is."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from models.brief import Brief
from models.dossier import Dossier
from models.script import Script
from podmill.context import StepContext
from podmill.scripting.pace import NO_RATES, Rates


@dataclass(frozen=True, slots=True)
class WriterCapabilities:
    """What a writer can do and needs."""

    needs_dossier: bool
    """Whether it writes from research; otherwise from the script in the brief."""
    languages: tuple[str, ...] | None
    """ISO 639-1 codes it writes; None for any."""
    speakers_max: int
    paid: bool


class Writer(Protocol):
    """Makes the script of an episode. The same brief and dossier give the same script where ``paid`` is false."""

    capabilities: ClassVar[WriterCapabilities]

    def write(self, brief: Brief, dossier: Dossier | None, context: StepContext, rates: Rates = NO_RATES) -> Script:
        """
        Args:
            dossier: with the claims that no source bears out (``Dossier.told`` is without them): they may not be told,
                and no language model is shown them.
            rates: characters a second of each speaker.

        Raises:
            InputError: the script handed in cannot be used.
            ScriptError: no usable script can be made.
        """
        ...
