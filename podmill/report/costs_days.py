"""Charges and a provider's entries, compared day by day."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from models.steps import ChargeState
from podmill.money.charge import short_id
from podmill.money.record import Used
from podmill.report.costs_difference import Difference, Kind, day_of, ours, theirs, unlike

BY_REQUEST: Final = "Export it by request where they can: then each request is compared."


def by_day(charges: Sequence[Any], used: Sequence[Used]) -> tuple[int, list[Difference]]:
    """How many days agree, and which do not. All ``charges`` and ``used`` are of the period; charges count as owed."""
    here: dict[str, list[Any]] = defaultdict(list)
    there: dict[str, list[Used]] = defaultdict(list)
    for charge in charges:
        here[day_of(charge.created_at)].append(charge)
    for each in used:
        there[day_of(each.at)].append(each)
    told = [_difference(day, here[day], there[day]) for day in sorted({*here, *there})]
    differences = [each for each in told if each is not None]
    return len(told) - len(differences), differences


def _difference(day: str, charges: Sequence[Any], used: Sequence[Used]) -> Difference | None:
    whole, billed = ours(charges), theirs(used)
    doubtful = [short_id(each.key) for each in charges if each.state == ChargeState.IN_DOUBT]
    settled = ours([each for each in charges if each.state == ChargeState.SETTLED])
    kind: Kind
    if used and unlike(whole, billed) is None:
        if not doubtful:
            return None
        kind, says = "doubt_billed", f"{day}: they billed what is settled here, and what is in doubt."
        action = f"Run, for each: podmill charges settle {doubtful[0]}"
    elif doubtful and (unlike(settled, billed) is None if used else not settled.requests):
        kind, says = "doubt_not_billed", f"{day}: they billed what is settled here, and nothing of what is in doubt."
        action = f"Run, for each: podmill charges refuse {doubtful[0]}"
    elif not used:
        kind, says = "unknown_there", f"{day}: they have nothing; here are {whole.requests} requests."
        action = "See whether their record has this day; a provider's day may be another than that of UTC."
    elif not charges:
        kind, says = "unknown_here", f"{day}: they billed something; nothing here asked for it."
        action = "Find out what else uses the account or the key; if nothing should, replace the key."
    else:
        kind, says, action = "amount", f"{day}: {unlike(whole, billed)}.", BY_REQUEST
    return Difference(
        kind=kind,
        name=day,
        charges=doubtful if kind in ("doubt_billed", "doubt_not_billed") else [],
        ours_quantity=whole.quantity if charges else None,
        ours_microusd=whole.cost_microusd if charges else None,
        theirs_quantity=billed.quantity,
        theirs_microusd=billed.cost_microusd,
        says=says,
        action=action,
    )
