"""What an emulated provider does instead of answering: by chance, or because a test says what comes next."""

import hashlib
import random
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from typing import Final

BEFORE: Final = {
    "busy": (429, "rate_limit_error", "concurrent_limit_exceeded", "Too many concurrent requests."),
    "rate": (429, "rate_limit_error", "rate_limit_exceeded", "Too many requests in a minute."),
    "system_busy": (429, "rate_limit_error", "system_busy", "The system is busy."),
    "conflict": (409, "conflict", "already_running", "It is running already."),
    "error": (500, "internal_error", "internal_error", "Something went wrong."),
    "maintenance": (503, "service_unavailable", "service_unavailable", "Down for maintenance."),
    "permissions": (401, "authentication_error", "missing_permissions", "The API key lacks text_to_speech."),
    "unusual": (401, "authentication_error", "detected_unusual_activity", "Unusual activity detected."),
    "credits": (402, "payment_required", "insufficient_credits", "Not enough credits."),
    "format": (403, "authorization_error", "output_format_not_allowed", "This format needs another plan."),
    "policy": (
        *(403, "authorization_error", "content_against_policy"),
        "We are sorry but text you are trying to use may violate our Terms of Service and has been blocked.",
    ),
}
"""Refusals: nothing is made and nothing is charged. Status, type, code and message."""

AFTER: Final = ("error_billed", "hang", "drop", "truncate", "shapeless")
"""The speech is made, charged and in the history; the answer is a 500, comes too late, not at all, not whole, or is no
answer."""


class Faults:
    """The next fault of each request.

    By chance it depends on the text and on how often it was sent, and on nothing else: however requests are
    interleaved, the same ones fail in the same way.

    Args:
        known: names of the faults that the provider has.
    """

    def __init__(self, chances: Mapping[str, float], seed: int, known: Collection[str] = (*BEFORE, *AFTER)) -> None:
        if set(chances) - set(known) or sum(chances.values()) > 1:
            raise ValueError(f"not faults, or more than certain: {dict(chances)}")
        self._known = {*known, "ok"}
        self._chances = dict(chances)
        self._seed = seed
        self._sent: Counter[str] = Counter()
        self._next: deque[str] = deque()
        self._lock = threading.Lock()

    def plan(self, names: Iterable[str]) -> None:
        """The next requests fail like this, in this order; ``ok`` is no fault."""
        names = list(names)
        if unknown := set(names) - self._known:
            raise ValueError(f"not faults: {unknown}")
        with self._lock:
            self._next.extend(names)

    def reset(self) -> None:
        """Forget what was sent, and what was to come next."""
        with self._lock:
            self._sent.clear()
            self._next.clear()

    def next(self, text: str) -> str | None:
        """A fault for this request, or None."""
        with self._lock:
            self._sent[text] += 1
            if self._next:
                name = self._next.popleft()
                return None if name == "ok" else name
            number = self._sent[text]
        digest = hashlib.sha256(f"{self._seed}|{number}|{text}".encode()).digest()
        at = random.Random(digest).random()
        for name, chance in self._chances.items():
            at -= chance
            if at < 0:
                return name
        return None
