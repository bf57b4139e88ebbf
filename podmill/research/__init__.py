"""Research: from a brief to the facts its episode may use."""

from collections.abc import Mapping
from typing import Final

from models.brief import Brief
from models.dossier import Dossier
from podmill.context import StepContext
from podmill.registry import load
from podmill.research.researcher import Researcher

RESEARCHERS: Final[Mapping[str, str]] = {
    "documents": "podmill.research.documents:DocumentResearcher",
}


def research(brief: Brief, context: StepContext) -> Dossier:
    """The dossier of an episode. A brief with a ready-made script needs no facts and gets an empty one.

    Raises:
        InputError: there are no sources to read.
        SourceError: a source cannot be read, or none holds anything on the topic.
        TransientError: a source may be there later.
    """
    if brief.script:
        return Dossier(topic=brief.subject, language=brief.language, sources=(), facts=())
    researcher: Researcher = load(RESEARCHERS, "documents", kind="researcher")()
    return researcher.research(brief, context)
