"""An episode with all given up that may be, where a budget does not cover it."""

from typing import Any

from models.brief import Brief
from podmill.scripting.shorter import LEAST
from podmill.settings import Settings
from podmill.speech.quality import local_cast, standard_cast


def lesser(brief: Brief, settings: Settings) -> Brief:
    """The least that a brief may become; itself when nothing may be given up.

    How much shorter a script that was handed in may be, only the cost check finds out.
    """
    less: dict[str, Any] = {}
    cast = brief.cast
    if "quality" in brief.degrade:
        cast = standard_cast(cast, settings)
        less |= {"quality": "standard", "cast": cast}
    if "voice" in brief.degrade and (spoken := local_cast(cast, brief.language, brief.fallback, settings)):
        less["cast"] = spoken
    if "minutes" in brief.degrade:
        less["minutes"] = brief.minutes * LEAST
    return brief.model_copy(update=less)
