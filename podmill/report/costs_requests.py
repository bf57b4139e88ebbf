"""Charges and a provider's entries, matched request by request."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from models.steps import ChargeState
from podmill.money.amounts import usd
from podmill.money.charge import short_id
from podmill.money.ledger import OVERLAP_S
from podmill.money.record import Used
from podmill.report.costs_difference import Difference, Kind, Period, is_same, ours, theirs, unlike

CLOCKS_S: Final = 60.0
"""How far the provider's clock may be from ours."""
ORDER: Final = (ChargeState.SETTLED, ChargeState.IN_DOUBT, ChargeState.INTENT, ChargeState.REFUSED)
"""In which charges without the provider's id look for theirs: what is surely billed comes first."""
ASK: Final = "Look it up there, and ask what they count: the ledger has what their answer said."
PRICE: Final = "Compare the price list with theirs: PODMILL_PRICES_FILE."


def by_request(charges: Sequence[Any], used: Iterable[Used], period: Period) -> tuple[int, list[Difference]]:
    """How many agree, and what does not. ``charges`` and ``used`` may begin before the period and end after it."""
    matching = _Matching(used, period)
    for charge in sorted(charges, key=lambda each: (each.request_id is None, ORDER.index(each.state))):
        matching.add(charge)
    matching.rest()
    return matching.agreed, matching.differences


class _Matching:
    def __init__(self, used: Iterable[Used], period: Period) -> None:
        # A record may have a line for each thing that it billed of one request.
        lines: dict[str, list[Used]] = defaultdict(list)
        for each in used:
            lines[each.request_id or ""].append(each)
        self._left = {name: theirs(each) for name, each in lines.items()}
        """What no charge has been found for."""
        self._period = period
        self.agreed = 0
        self.differences: list[Difference] = []

    def add(self, charge: Any) -> None:
        used = self._left.get(charge.request_id) if charge.request_id else self._likely(charge)
        if used is not None:
            del self._left[used.request_id or ""]
        if not self._period.holds(charge.created_at):
            return
        match charge.state:
            case ChargeState.SETTLED:
                self._settled(charge, used)
            case ChargeState.IN_DOUBT:
                self._in_doubt(charge, used)
            case ChargeState.REFUSED if used is not None:
                says = f"They billed request {used.request_id}; here, charge {short_id(charge.key)} was refused."
                action = "Ask them to take it back: the ledger does not count it."
                self._tell("refused_billed", charge, used, says, action)

    def rest(self) -> None:
        """What nothing here asked for."""
        for used in sorted(self._left.values(), key=lambda each: each.at or 0.0):
            if self._period.holds(used.at):
                says = f"They billed request {used.request_id}{_when(used)}; nothing here asked for it."
                action = "Find out what else uses the account or the key; if nothing should, replace the key."
                self._tell("unknown_here", None, used, says, action)

    def _settled(self, charge: Any, used: Used | None) -> None:
        if used is None:
            named = f"request {charge.request_id}" if charge.request_id else "its request has no id"
            says = f"Charge {short_id(charge.key)} ({named}) is not in their record."
            action = "See whether their record reaches so far, or was deleted there; if not, they did not bill it."
            self._tell("unknown_there", charge, None, says, action)
        elif (wrong := unlike(ours([charge]), used)) is None:
            self.agreed += 1
        else:
            action = PRICE if used.quantity is not None and is_same(charge.quantity, used.quantity) else ASK
            self._tell("amount", charge, used, f"Request {used.request_id}: {wrong}.", action)

    def _in_doubt(self, charge: Any, used: Used | None) -> None:
        name = short_id(charge.key)
        if used is None:
            says = f"Charge {name} is in doubt, and they billed nothing of the kind about then."
            self._tell("doubt_not_billed", charge, None, says, f"Run: podmill charges refuse {name}")
            return
        says = f"Charge {name} is in doubt; they billed request {used.request_id}{_when(used)}."
        cost = "" if used.cost_microusd is None else f" --usd {usd(used.cost_microusd)}"
        self._tell("doubt_billed", charge, used, says, f"Run: podmill charges settle {name}{cost}")

    def _likely(self, charge: Any) -> Used | None:
        """The entry that a charge without the provider's id may be: of its time, and no larger than was expected.

        What was refused, or has no time there, must be exactly as large: else others would be taken for it.
        """
        first, last = charge.created_at - CLOCKS_S, charge.created_at + OVERLAP_S
        found = []
        for each in self._left.values():
            size = None if each.quantity is None else charge.quantity - each.quantity
            is_exact = each.quantity is not None and is_same(each.quantity, charge.quantity)
            if each.at is not None and (each.at > last or each.at + each.lasts_s < first):
                continue
            if is_exact or (each.at is not None and charge.state != ChargeState.REFUSED and (size is None or size > 0)):
                found.append((0.0 if is_exact else size or 0.0, each.at or 0.0, each.request_id or "", each))
        return min(found, key=lambda each: each[:3])[3] if found else None

    def _tell(self, kind: Kind, charge: Any, used: Used | None, says: str, action: str) -> None:
        self.differences.append(
            Difference(
                kind=kind,
                name=(used.request_id if used else charge.request_id) or "",
                charges=[] if charge is None else [short_id(charge.key)],
                ours_quantity=None if charge is None else charge.quantity,
                ours_microusd=None if charge is None else charge.cost_microusd,
                theirs_quantity=used.quantity if used else None,
                theirs_microusd=used.cost_microusd if used else None,
                says=says,
                action=action,
            )
        )


def _when(used: Used) -> str:
    if used.at is None:
        return ""
    at = dt.datetime.fromtimestamp(used.at, dt.UTC)
    return f" of {at:%Y-%m-%d}" if used.lasts_s else f" of {at:%Y-%m-%d %H:%M} UTC"
