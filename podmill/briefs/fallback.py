"""Who speaks when the voices of a cast cannot, as shows and episodes say it."""

from collections.abc import Collection, Mapping
from typing import Final

from podmill.briefs import fields
from podmill.briefs.nodes import Node
from podmill.briefs.records import FallbackRequest
from podmill.errors import InputError

POLICIES: Final = ("never", "whole", "mixed")
DEGRADATIONS: Final = ("auto", "shifted")
NOTHING: Final = "nothing"
"""May be degraded: an empty list would be one that is not stated."""
FALLBACK_FIELDS: Final = tuple(FallbackRequest.model_fields)


def read_fallback(stated: Mapping[str, Node]) -> FallbackRequest:
    """What of it is stated.

    Raises:
        InputError: an order, policy or degradation is not one; names field and line.
    """
    return FallbackRequest.model_validate(
        {
            "voices_order": _order(stated.get("voices_order")),
            "voices_fallback": fields.choice(stated.get("voices_fallback"), "voices_fallback", POLICIES),
            "voices_degrade": words_or_nothing(stated.get("voices_degrade"), "voices_degrade", DEGRADATIONS),
        }
    )


def _order(node: Node | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    from podmill.speech import order_problem, order_words

    order = fields.words(node, "voices_order", order_words()) or ()
    problem = order_problem(order)
    if problem:
        raise InputError(problem, field="voices_order", line=node.line)
    return order


def words_or_nothing(node: Node | None, field: str, known: Collection[str]) -> tuple[str, ...] | None:
    """Some of the words that are known, or the one that means none of them.

    Raises:
        InputError: a word is not known, or it is not alone.
    """
    found = fields.words(node, field, (*known, NOTHING))
    if node is None or found is None or NOTHING not in found:
        return found
    if len(found) > 1:
        raise InputError(f"It is either {NOTHING!r} or something.", field=field, line=node.line)
    return ()
