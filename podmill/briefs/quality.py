"""How good an episode is to be, and what a budget may take of it, as shows and episodes say it."""

from collections.abc import Mapping
from typing import Final, get_args

from models.brief import Concession, Quality
from podmill.briefs import fields
from podmill.briefs.fallback import words_or_nothing
from podmill.briefs.nodes import Node
from podmill.briefs.records import QualityRequest

QUALITIES: Final = get_args(Quality)
CONCESSIONS: Final = get_args(Concession)
QUALITY_FIELDS: Final = tuple(QualityRequest.model_fields)


def read_quality(stated: Mapping[str, Node]) -> QualityRequest:
    """What of it is stated.

    Raises:
        InputError: a quality or a concession is not one; names field and line.
    """
    return QualityRequest.model_validate(
        {
            "quality": fields.choice(stated.get("quality"), "quality", QUALITIES),
            "degrade": words_or_nothing(stated.get("degrade"), "degrade", CONCESSIONS),
        }
    )
