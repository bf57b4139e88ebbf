"""What ElevenLabs says that it billed: its history, request by request, and the count of its subscription."""

import time
from typing import TYPE_CHECKING, Final

from podmill.money.record import Record, Used
from podmill.speech import elevenlabs_replies as replies
from podmill.speech.elevenlabs_account import CLOCKS_S, Account

if TYPE_CHECKING:
    from elevenlabs.types import SpeechHistoryItemResponse

MONTH_S: Final = 31 * 86_400
"""A count begins anew no longer than that before it will again."""


def record(account: Account, since: float) -> Record:
    """As ``RecordedProvider`` says."""
    # First the count: what is made meanwhile is in the history then, and can be told by its place in the count.
    plan = account.subscription()
    items = list(account.history(None, int(since), int(time.time()) + CLOCKS_S))
    used = tuple(
        Used(_at(item), request_id=replies.identity(item), quantity=replies.cost(item))
        for item in items
        if getattr(item, "history_item_id", None)
    )
    source = "the history of ElevenLabs"
    if plan is None or plan.used is None:
        return Record(source, used)
    began = plan.resets_at - MONTH_S if plan.resets_at else 0
    places = [place for item in items if _at(item) >= began and (place := _place(item)) and place[1] <= plan.used]
    first = min((before for before, _ in places), default=plan.used)
    explained = sum(after - before for before, after in places)
    return Record(source, used, elsewhere=max(0.0, float(plan.used - first - explained)), counted=plan.used)


def _at(item: "SpeechHistoryItemResponse") -> float:
    """When it was made; 1970, and so in no period, where an entry does not say."""
    at = getattr(item, "date_unix", None)
    return float(at) if type(at) is int and 0 <= at < 1 << 33 else 0.0


def _place(item: "SpeechHistoryItemResponse") -> tuple[int, int] | None:
    """Of an entry in the count: before and after it."""
    before, after = (getattr(item, f"character_count_change_{end}", None) for end in ("from", "to"))
    return (before, after) if isinstance(before, int) and isinstance(after, int) and after >= before else None
