"""What ElevenLabs answers, read without trust: the SDK builds its models unchecked, and any part may be missing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podmill.speech import elevenlabs_refusals as refusals
from podmill.speech.engine import Receipt
from podmill.speech.timing import Alignment

if TYPE_CHECKING:
    from elevenlabs.types import SpeechHistoryItemResponse

    from podmill.speech.elevenlabs_account import Wanted


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an account has; None where it does not say."""

    tier: str | None
    used: int | None
    """Credits of this period."""
    limit: int | None
    """With what may be spent beyond the plan; None of a plan without a limit, too."""
    resets_at: int | None
    """Seconds since 1970."""
    status: str | None

    @property
    def left(self) -> int | None:
        return None if self.used is None or self.limit is None else max(self.limit - self.used, 0)


def subscription(said: object) -> Subscription:
    tier, status = (_text(getattr(said, name, None)) for name in ("tier", "status"))
    names = ("character_count", "character_limit", "next_character_count_reset_unix")
    used, limit, resets_at = (_number(getattr(said, name, None)) for name in names)
    beyond = getattr(said, "max_credit_limit_extension", None)
    if beyond == "unlimited":
        limit = None
    elif limit is not None:
        limit += _number(beyond) or 0
    return Subscription(tier, used, limit, resets_at, status)


def not_for_free(voice: object) -> bool:
    """Whether a voice says that it is of the library, and not for free plans."""
    return getattr(getattr(voice, "sharing", None), "free_users_allowed", None) is False


def receipt(headers: Mapping[str, str]) -> Receipt:
    """Of the headers of a reply, their names in lower case."""
    try:
        cost = float(headers.get("character-cost", ""))
    except ValueError:
        cost = -1.0
    return Receipt(
        request_id=headers.get("request-id"),
        billed=cost if math.isfinite(cost) and cost >= 0 else None,
        at_once=refusals.count(headers.get("current-concurrent-requests")),
        at_once_max=refusals.count(headers.get("maximum-concurrent-requests")),
    )


def alignment(said: object) -> Alignment | None:
    """When each character is heard; None where it does not say."""
    names = ("characters", "character_start_times_seconds", "character_end_times_seconds")
    lists = [getattr(said, name, None) for name in names]
    if not all(isinstance(each, list) for each in lists):
        return None
    characters, starts, ends = lists
    return Alignment(characters or (), starts or (), ends or ())


def turns_s(segments: object, count: int) -> tuple[tuple[float, float], ...]:
    """Start and end of each turn, from the segments of a reply; empty unless they tell all, in order."""
    times: dict[int, tuple[float, float]] = {}
    for segment in segments if isinstance(segments, list) else ():
        told = [
            getattr(segment, each, None) for each in ("dialogue_input_index", "start_time_seconds", "end_time_seconds")
        ]
        match told:
            case [int() as turn, int() | float() as start_s, int() | float() as end_s] if 0 <= start_s <= end_s < 1e6:
                known = times.get(turn, (start_s, end_s))
                times[turn] = (min(known[0], start_s), max(known[1], end_s))
            case _:
                return ()
    starts = [times[turn][0] for turn in sorted(times)]
    return (
        tuple(times[turn] for turn in range(count))
        if sorted(times) == list(range(count)) and starts == sorted(starts)
        else ()
    )


def is_of(item: "SpeechHistoryItemResponse", wanted: "Wanted") -> bool:
    """Whether an entry of the history is of a request. Entries say nothing of seeds."""
    if wanted.turns:
        turns = [
            (getattr(turn, "text", None), getattr(turn, "voice_id", None))
            for turn in getattr(item, "dialogue", None) or ()
        ]
        same = (turns, getattr(item, "model_id", None)) == ([*wanted.turns], wanted.model)
        return same and bool(getattr(item, "history_item_id", None))
    said = [getattr(item, name, None) for name in ("text", "voice_id", "model_id")]
    return said == [wanted.text, wanted.voice_id, wanted.model] and bool(getattr(item, "history_item_id", None))


def identity(item: "SpeechHistoryItemResponse") -> str:
    """What tells an entry of the history from others."""
    return getattr(item, "request_id", None) or item.history_item_id


def cost(item: "SpeechHistoryItemResponse") -> float | None:
    """Credits that an entry of the history took."""
    before, after = (getattr(item, f"character_count_change_{end}", None) for end in ("from", "to"))
    return float(after - before) if isinstance(before, int) and isinstance(after, int) and after >= before else None


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 53 else None


def _text(value: object) -> str | None:
    return value[:40] if isinstance(value, str) and value.isprintable() else None
