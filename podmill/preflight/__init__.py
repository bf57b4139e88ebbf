"""Pre-flight: what is in the way of episodes, found out before anything is spent."""

from podmill.preflight.credits import Credits, lacking, promised
from podmill.preflight.findings import Finding, Place, gathered
from podmill.preflight.providers import Providers, Speakers, impatient
from podmill.preflight.unpriced import Noting, unpriced

__all__ = [
    "Credits",
    "Finding",
    "Noting",
    "Place",
    "Providers",
    "Speakers",
    "gathered",
    "impatient",
    "lacking",
    "promised",
    "unpriced",
]
