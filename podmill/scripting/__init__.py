"""Scripting: a dossier or a ready-made script becomes the script of the episode."""

from typing import Final

from models.brief import Brief
from models.dossier import Dossier
from models.script import Script
from podmill.context import StepContext
from podmill.errors import ScriptError
from podmill.registry import load
from podmill.scripting.pace import NO_RATES, Rates, measured, rates_of
from podmill.scripting.writer import Writer
from podmill.text.tongue import primary

__all__ = ["WRITERS", "measured", "suited", "write", "writer_of"]

WRITERS: Final = {
    "gemini": "podmill.scripting.by_model.writer:GeminiWriter",
    "offline": "podmill.scripting.offline:OfflineWriter",
    "openai": "podmill.scripting.by_model.writer:OpenAIWriter",
    "ready-made": "podmill.scripting.ready_made:ReadyMadeWriter",
}


def writer_of(brief: Brief) -> Writer:
    """The writer of a brief: the ready-made one when it brings its script, else the one it names.

    Raises:
        ConfigurationError: there is no such writer.
    """
    name = "ready-made" if brief.script else brief.writer
    writer: Writer = load(WRITERS, name, kind="writer")()
    return writer


def suited(brief: Brief) -> Writer:
    """The writer of a brief, if it writes in its language and for as many speakers.

    Raises:
        ConfigurationError: there is no such writer.
        ScriptError: it cannot write this.
    """
    writer = writer_of(brief)
    can = writer.capabilities
    if not brief.cast:
        raise ScriptError("The episode has no cast.", action="Name at least one speaker under `cast`.")
    if len(brief.cast) > can.speakers_max:
        raise ScriptError(
            f"The cast has {len(brief.cast)} speakers; this writer takes at most {can.speakers_max}.",
            action="Shorten the cast.",
        )
    if can.languages is not None and primary(brief.language) not in can.languages:
        raise ScriptError(
            f"The {brief.writer} writer does not write in {brief.language!r}, only in {', '.join(can.languages)}.",
            action="Hand in a ready-made script in that language.",
        )
    return writer


def write(brief: Brief, dossier: Dossier | None, context: StepContext, rates: Rates = NO_RATES) -> Script:
    """The script of an episode.

    Args:
        rates: characters a second of voices that were measured, by voice.

    Raises:
        ConfigurationError: the brief names an unknown writer.
        InputError: the ready-made script cannot be used; names file, line and field.
        ScriptError: no usable script can be made, or one that states what its sources do not.
    """
    writer = suited(brief)
    script = writer.write(brief, dossier, context, rates_of(brief.cast, rates))
    doubtful = {fact.id for fact in dossier.facts if not fact.supported} if dossier else set()
    wrong = next((line for line in script.lines if doubtful.intersection(line.facts)), None)
    if wrong is not None:
        raise ScriptError(
            f"Line {wrong.index + 1} of the script makes a claim that no source bears out: {wrong.text!r}.",
            action=f"This is a fault of the writer {brief.writer!r}: please report it.",
        )
    return script
