"""The books of an emulated ElevenLabs account: limits, credit, history, and a log of every request it got."""

import hashlib
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

MODELS: Final = {
    "eleven_v4": (10_000, 1.0),
    "eleven_v3": (5_000, 1.0),
    "eleven_multilingual_v2": (10_000, 1.0),
    "eleven_flash_v2_5": (40_000, 0.5),
    "eleven_flash_v2": (30_000, 0.5),
}
"""Characters of one request, credits a character."""


@dataclass(frozen=True)
class Terms:
    """What the account may do. Zero: no limit."""

    key: str = "emulated-key"
    at_once: int = 10
    per_minute: int = 0
    minute_s: float = 60.0
    """How long its minute is, for what is scaled down."""
    quota: int = 1_000_000_000
    page_max: int = 1000
    voices: Sequence[str] = ()
    """Its voices; empty: whatever looks like an id is one."""
    tier: str = "creator"
    """Its plan."""
    library: Sequence[str] = ()
    """Voices of the library, which free plans do not have."""
    unstitched: Sequence[str] = ()
    """Models that refuse to be told what comes before and after, beside those of the third generation."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Characters that it takes of a model, where that is not what its documentation says."""
    listed: bool = True
    """Whether it tells those in its list of models; else it answers that with an error."""
    outages: int = 0
    """How often it answers so at first."""


@dataclass
class Entry:
    """A request to speak that was made and charged."""

    text: str
    voice: str
    model: str
    seed: int
    billed: int
    request_id: str
    used_before: int
    date_unix: int = 0
    """When it was in the history; 0 while it is being made."""
    history_item_id: str = field(default_factory=lambda: uuid.uuid4().hex[:20])
    turns: list[list[str]] = field(default_factory=list)
    """Text and voice of each turn of a dialogue, which ``text`` and ``voice`` hold together."""


class Account:
    """Safe to use from many threads. Started again on the same log, it knows what it had made."""

    def __init__(self, terms: Terms, log: Path) -> None:
        self.terms = terms
        self.used = 0
        self.entries: list[Entry] = []
        self.at_once = 0
        """Requests that are being made."""
        self._lists_asked = 0
        self._received: deque[float] = deque()
        self._lock = threading.Lock()
        if log.exists():
            self._remember(log)
        self._log = log.open("a", encoding="utf-8")

    def reset(self, terms: Mapping[str, Any]) -> None:
        """Forget all but the requests that are being made; a line in the log says so."""
        with self._lock:
            self.terms = Terms(**terms)
            self.used, self.entries = 0, []
            self._lists_asked = 0
            self._received.clear()
            self._write({"outcome": "reset"})

    def lists(self) -> bool:
        """Whether it tells its models this time."""
        with self._lock:
            self._lists_asked += 1
            return self.terms.listed and self._lists_asked > self.terms.outages

    def characters_max(self, model: str) -> int:
        return self.terms.lengths.get(model, MODELS[model][0])

    def arrive(self) -> tuple[int, str | None]:
        """Count a request in. Returns how many there are now, and the limit that forbids this one, if any does."""
        with self._lock:
            now = time.monotonic()
            while self._received and self._received[0] <= now - self.terms.minute_s:
                self._received.popleft()
            if self.terms.at_once and self.at_once >= self.terms.at_once:
                return self.at_once, "busy"
            if self.terms.per_minute and len(self._received) >= self.terms.per_minute:
                return self.at_once, "rate"
            self._received.append(now)
            self.at_once += 1
            return self.at_once, None

    def leave(self) -> None:
        with self._lock:
            self.at_once -= 1

    def at_once_headers(self) -> dict[str, str]:
        with self._lock:
            now, most = self.at_once, self.terms.at_once
        return {"current-concurrent-requests": str(now), "maximum-concurrent-requests": str(most)}

    def retry_after_s(self) -> int:
        """Until the oldest request of the last minute is older than that."""
        with self._lock:
            minute_s = self.terms.minute_s
            oldest = self._received[0] if self._received else time.monotonic() - minute_s
        return max(1, round(oldest + minute_s - time.monotonic()))

    def charge(
        self, text: str, voice: str, model: str, seed: int, turns: list[list[str]] | None = None
    ) -> Entry | None:
        """Charge a request; None when the credit is not enough."""
        cost = self.cost(text, model)
        with self._lock:
            if self.used + cost > self.terms.quota:
                return None
            entry = Entry(text, voice, model, seed, cost, uuid.uuid4().hex, self.used, turns=turns or [])
            self.used += cost
            return entry

    @staticmethod
    def cost(text: str, model: str) -> int:
        return -(-len(text) * round(MODELS[model][1] * 10) // 10)

    def record(self, entry: Entry) -> None:
        """It is made: from now on the history shows it."""
        with self._lock:
            entry.date_unix = int(time.time())
            self.entries.append(entry)

    def history(self) -> list[Entry]:
        with self._lock:
            return list(self.entries)

    def note(self, outcome: str, status: int, *, text: str = "", entry: Entry | None = None, **more: Any) -> None:
        """Write a request down, before anything is answered: in the operating system's hands when this returns."""
        line: dict[str, Any] = {"outcome": outcome, "status": status, "billed": entry.billed if entry else 0, **more}
        if text:
            line |= {"text_sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}
        if entry:
            line |= {"text": text, "request_id": entry.request_id, "history_item_id": entry.history_item_id}
        with self._lock:
            self._write(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        self._log.write(json.dumps({"at": time.time(), "at_monotonic": time.monotonic(), **line}) + "\n")
        self._log.flush()

    def _remember(self, log: Path) -> None:
        for text in log.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            if line["outcome"] == "reset":
                self.used, self.entries = 0, []
            if not line.get("billed"):
                continue
            entry = Entry(
                **{name: line[name] for name in ("text", "voice", "model", "seed", "billed", "request_id")},
                used_before=self.used,
                date_unix=int(line["at"]),
                history_item_id=line["history_item_id"],
                turns=line.get("turns") or [],
            )
            self.used += entry.billed
            self.entries.append(entry)
