"""Research: from a brief to the facts its episode may use."""

import logging
from collections.abc import Mapping
from typing import Final

from models.brief import Brief
from models.dossier import Dossier
from podmill.context import StepContext
from podmill.errors import PodmillError
from podmill.registry import load
from podmill.research.joining import join
from podmill.research.researcher import Researcher
from podmill.research.search import can_do_without
from podmill.settings import Settings

log = logging.getLogger(__name__)

DOCUMENTS: Final = "documents"
RESEARCHERS: Final[Mapping[str, str]] = {
    DOCUMENTS: "podmill.research.documents:DocumentResearcher",
    "web": "podmill.research.web:WebResearcher",
    "google": "podmill.research.web:GoogleResearcher",
    "exa": "podmill.research.web:ExaResearcher",
}


def research(brief: Brief, context: StepContext) -> Dossier:
    """The dossier of an episode. A brief with a ready-made script needs no facts and gets an empty one.

    Raises:
        ConfigurationError: there is no such researcher, or it has no key.
        InputError: there are no sources to read.
        SourceError: a source cannot be read, or none holds anything on the topic.
        TransientError: a source or a search service may be there later.
    """
    if brief.script:
        return Dossier(topic=brief.subject, language=brief.language, sources=(), facts=())
    first, *others = researchers_of(brief, context.settings)
    dossier = _by(first, brief, context)
    for name in others:
        try:
            dossier = join(dossier, _by(name, brief, context))
        except PodmillError as exc:
            if not can_do_without(exc):
                raise
            log.warning("%s found nothing for %r: %s", name, brief.subject, exc)
            dossier = dossier.model_copy(update={"notes": (*dossier.notes, f"Without {name}: {exc.message}")})
    return dossier


def researchers_of(brief: Brief, settings: Settings) -> tuple[str, ...]:
    """Who researches an episode: documents where it brings sources, and whoever it or the settings ask for.

    Without sources the web is asked, if there is a key for it.
    """
    asked = tuple(dict.fromkeys(brief.researchers or settings.researchers))
    others = tuple(name for name in asked if name != DOCUMENTS)
    if brief.sources:
        return (DOCUMENTS, *others)
    return others or (("web",) if on_the_web(settings) else (DOCUMENTS,))


def on_the_web(settings: Settings) -> bool:
    """Whether a topic alone can be researched."""
    from podmill.research.web import configured

    return configured(settings)


def _by(name: str, brief: Brief, context: StepContext) -> Dossier:
    researcher: Researcher = load(RESEARCHERS, name, kind="researcher")()
    return researcher.research(brief, context)
