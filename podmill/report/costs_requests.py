"""Charges and a provider's entries, matched request by request."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from models.steps import ChargeState
from podmill.money.amounts import usd
from podmill.money.charge import short_id
from podmill.money.ledger import OVERLAP_S
from podmill.money.record import DAY_S, Used
from podmill.report.costs_difference import (
    ROUNDED_MICROUSD,
    SAME,
    Difference,
    Kind,
    Period,
    is_same,
    ours,
    theirs,
    unlike,
)

CLOCKS_S: Final = 60.0
"""How far the provider's clock may be from ours."""
LEAST: Final = 0.4
"""Share of what was expected that a request takes at least; the cheapest models take half."""
ORDER: Final = (ChargeState.SETTLED, ChargeState.IN_DOUBT, ChargeState.INTENT, ChargeState.REFUSED)
"""In which charges without the provider's id look for theirs: what is surely billed comes first."""
ASK: Final = "Look it up there, and ask what they count: the ledger has what their answer said."
PRICE: Final = "Compare the price list with theirs: PODMILL_PRICES_FILE."


def by_request(charges: Sequence[Any], used: Iterable[Used], period: Period) -> tuple[int, list[Difference]]:
    """How many agree, and what does not. ``charges`` and ``used`` may begin before the period and end after it."""
    entries = _Entries(used)
    told = _Told()
    matched = _matched(charges, entries)
    for charge in charges:
        if period.holds(charge.created_at):
            told.charge(charge, matched.get(charge.key))
    for left in entries.left():
        if period.holds(left.at):
            told.entry(left)
    return told.agreed, told.differences


class _Entries:
    """What a provider billed, each until a charge is found for it."""

    def __init__(self, used: Iterable[Used]) -> None:
        # A record may have a line for each thing that it billed of one request.
        lines: dict[str, list[Used]] = defaultdict(list)
        for each in used:
            lines[each.request_id or ""].append(each)
        self._left = {name: theirs(each) for name, each in lines.items()}
        self._sorted = sorted(self._left.values(), key=lambda each: each.at)
        self._times = [each.at for each in self._sorted]

    def take(self, name: str) -> Used | None:
        return self._left.pop(name, None)

    def left(self) -> list[Used]:
        """The oldest first."""
        return [each for each in self._sorted if each.request_id in self._left]

    def about(self, at: float) -> Iterator[Used]:
        """Those that may be of a request that was sent then."""
        first, last = at - CLOCKS_S, at + OVERLAP_S
        for each in self._sorted[bisect_left(self._times, first - DAY_S) : bisect_right(self._times, last)]:
            if each.at + each.lasts_s >= first and each.request_id in self._left:
                yield each


def _matched(charges: Sequence[Any], entries: _Entries) -> dict[str, Used]:
    """The entry of each charge: of its id, else of its time and exactly as large as was expected, else not larger."""
    found = {
        each.key: used for each in charges if each.request_id and (used := entries.take(each.request_id)) is not None
    }
    unnamed = sorted((each for each in charges if not each.request_id), key=lambda each: ORDER.index(each.state))
    for is_exact in (True, False):
        for charge in unnamed:
            # Anybody's request may be smaller than one that was refused.
            if charge.key in found or (charge.state == ChargeState.REFUSED and not is_exact):
                continue
            likely = []
            for each in entries.about(charge.created_at):
                expected, billed, slack = _sizes(charge, each)
                fits = abs(billed - expected) <= slack
                if fits if is_exact else LEAST * expected <= billed < expected:
                    likely.append((expected - billed, each.at, each.request_id or ""))
            if likely and (used := entries.take(min(likely)[2])) is not None:
                found[charge.key] = used
    return found


def _sizes(charge: Any, used: Used) -> tuple[float, float, float]:
    """What was expected, what was billed, and how far they may be off: in units where they are told, else in money."""
    if used.quantity is not None:
        return charge.quantity, used.quantity, SAME * charge.quantity
    return charge.cost_microusd, used.cost_microusd or 0, used.slack_microusd + ROUNDED_MICROUSD


class _Told:
    """What is said of charges and entries."""

    def __init__(self) -> None:
        self.agreed = 0
        self.differences: list[Difference] = []

    def charge(self, charge: Any, used: Used | None) -> None:
        match charge.state:
            case ChargeState.SETTLED:
                self._settled(charge, used)
            case ChargeState.IN_DOUBT:
                self._in_doubt(charge, used)
            case ChargeState.REFUSED if used is not None:
                says = f"They billed request {used.request_id}; here, charge {short_id(charge.key)} was refused."
                action = "Ask them to take it back: the ledger does not count it."
                self._tell("refused_billed", charge, used, says, action)

    def entry(self, used: Used) -> None:
        """That no charge was found for."""
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
    at = dt.datetime.fromtimestamp(used.at, dt.UTC)
    return f" of {at:%Y-%m-%d}" if used.lasts_s else f" of {at:%Y-%m-%d %H:%M} UTC"
