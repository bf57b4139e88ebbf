"""Who speaks when the voices of a cast cannot, as shows and episodes say it."""

from collections.abc import Mapping
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
            "voices_degrade": _degrade(stated.get("voices_degrade")),
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


def _degrade(node: Node | None) -> tuple[str, ...] | None:
    found = fields.words(node, "voices_degrade", (*DEGRADATIONS, NOTHING))
    if node is None or found is None or NOTHING not in found:
        return found
    if len(found) > 1:
        raise InputError(f"It is either {NOTHING!r} or something.", field="voices_degrade", line=node.line)
    return ()
