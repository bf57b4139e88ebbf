"""What emulated speech servers that are asked over plain HTTP have in common: limits, faults, charges, a log.

    python -m tests.emulators.minimax --state requests.jsonl --chance 1002=0.04 --chance drop=0.02

Prints its address. ``--state`` is the log of every request to speak that was let in. Beside the provider's addresses:
``POST /emulator/next`` (a JSON list of faults for the next requests) and ``POST /emulator/reset`` (an object of terms,
see ``account.Terms``).
"""

import argparse
import json
import random
import signal
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import soxr

from podmill.speech import files
from tests.emulators.account import Account, Entry, Terms
from tests.emulators.faults import Faults
from tests.emulators.http import Handler, RefusedError, Server
from tests.emulators.sound import Joe, Sound, Speaker, Tone

AFTER: Final = ("gateway", "hang", "trickle", "drop", "truncate", "shapeless", "noise")
"""The speech is made and charged; the answer is a 504, comes too late, too slowly, not at all, not whole, empty, or is
no sound."""
TRICKLE_BYTES: Final = 64


@dataclass(frozen=True)
class Refusal:
    """An answer that is an error: nothing is made and nothing is charged. Text is sent as text, all else as JSON."""

    status: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A request to speak."""

    text: str
    voice: str
    seed: int
    characters: int
    """That are charged."""
    sent: object
    """As it came."""
    limited: bool = True
    """Whether it counts for the limits of the account."""
    model: str = ""


@dataclass(frozen=True)
class Reply:
    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False
    """Without a Content-Length."""


class Till(Account):
    """The books of an account whose requests are charged by what their handler counts."""

    def sell(self, wanted: Wanted) -> Entry | None:
        """Charge a request; None when the credit is not enough."""
        with self._lock:
            if self.used + wanted.characters > self.terms.quota:
                return None
            entry = Entry(
                *(wanted.text, wanted.voice, wanted.model, wanted.seed, wanted.characters),
                request_id=uuid.uuid4().hex,
                used_before=self.used,
            )
            self.used += wanted.characters
            return entry


class Emulator(Server):
    def __init__(self, handler: "type[Speaking]", till: Till, faults: Faults, speaker: Speaker, given: Any) -> None:
        super().__init__(("127.0.0.1", given.port), handler)
        self.till = till
        self.faults = faults
        self.speaker = speaker
        self.latency_s: float = given.latency_s
        """Of making speech, on average."""
        self.hang_s: float = given.hang_s


class Speaking(Handler):
    """A speech server. Its addresses call ``hear`` with what they read in a request."""

    server: Emulator
    refusals: ClassVar[Mapping[str, Refusal]]
    """By the name of the fault that is answered so. ``busy``, ``rate`` and ``quota`` are the limits of the account."""
    own_faults: ClassVar[tuple[str, ...]] = ()
    """Faults of ``reply`` itself, after the charge."""
    steering: ClassVar = {"POST /emulator/next": "plan", "POST /emulator/reset": "reset"}

    def reply(self, wanted: Wanted, entry: Entry, sound: Sound, outcome: str) -> Reply:
        """The answer with the speech."""
        raise NotImplementedError

    def hear(self, wanted: Wanted) -> None:
        till = self.server.till
        at_once, limit = till.arrive() if wanted.limited else (0, None)
        more = {"voice": wanted.voice, "model": wanted.model, "seed": wanted.seed, "sent": wanted.sent}
        if limit:
            self._refuse(wanted, limit, at_once=at_once, **more)
        try:
            outcome = self.server.faults.next(wanted.text) or "ok"
            if outcome in self.refusals:
                self._refuse(wanted, outcome, at_once=at_once, fault=True, **more)
            entry = till.sell(wanted)
            if entry is None:
                self._refuse(wanted, "quota", at_once=at_once, **more)
            # Written down before the speech is made: however this process ends, what it charged is known.
            till.note(
                outcome, 504 if outcome == "gateway" else 200, text=wanted.text, entry=entry, at_once=at_once, **more
            )
            started = time.monotonic()
            sound = self.server.speaker.speak(wanted.text, wanted.voice, wanted.seed)
            latency_s = self.server.latency_s * random.uniform(0.5, 1.5)
            time.sleep(max(0.0, started + latency_s - time.monotonic()))
        finally:
            if wanted.limited:
                till.leave()
        self._hand_out(outcome, self.reply(wanted, entry, sound, outcome))

    def refuse(self, name: str) -> RefusedError:
        """An error of the table."""
        refusal = self.refusals[name]
        return RefusedError(refusal.status, refusal.body, refusal.headers)

    def plan(self) -> None:
        self.server.faults.plan(json.loads(self.body))
        self.send({})

    def reset(self) -> None:
        self.server.till.reset(json.loads(self.body))
        self.server.faults.reset()
        self.send({})

    def send(
        self, content: object, status: int = 200, headers: Mapping[str, str] | None = None, *, cut: bool = False
    ) -> None:
        if isinstance(content, str):
            self._hand(Reply(content.encode(), "text/plain; charset=utf-8", headers or {}), status)
        else:
            super().send(content, status, headers, cut=cut)

    def _refuse(self, wanted: Wanted, name: str, **more: Any) -> NoReturn:
        refused = self.refuse(name)
        self.server.till.note(name, refused.status, text=wanted.text, **more)
        raise refused

    def _hand_out(self, outcome: str, reply: Reply) -> None:
        if outcome in ("hang", "drop"):
            time.sleep(self.server.hang_s if outcome == "hang" else 0.0)
            self.drop()
        elif outcome == "gateway":
            self.send("upstream request timeout", 504)
        elif outcome in ("shapeless", "noise"):
            content = b"" if outcome == "shapeless" else b"\x00no sound at all"
            self._hand(Reply(content, reply.media_type, reply.headers))
        else:
            self._hand(reply, cut=outcome == "truncate", slowly=outcome == "trickle")

    def _hand(self, reply: Reply, status: int = 200, *, cut: bool = False, slowly: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", reply.media_type)
        name, value = ("Transfer-Encoding", "chunked") if reply.chunked else ("Content-Length", str(len(reply.content)))
        self.send_header(name, value)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        content = reply.content[: len(reply.content) // 2] if cut else reply.content
        if slowly:
            self._trickle(content, chunked=reply.chunked)
            return
        if reply.chunked:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + (b"" if cut else b"\r\n0\r\n\r\n"))
        else:
            self.wfile.write(content)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def _trickle(self, content: bytes, *, chunked: bool) -> None:
        until = time.monotonic() + self.server.hang_s
        for start in range(0, len(content) - TRICKLE_BYTES, TRICKLE_BYTES):
            if time.monotonic() > until:
                break
            drop = content[start : start + TRICKLE_BYTES]
            self.wfile.write(f"{len(drop):x}\r\n".encode() + drop + b"\r\n" if chunked else drop)
            self.wfile.flush()
            time.sleep(0.05)
        self.drop()


def wav_of(sound: Sound, rate_hz: int) -> bytes:
    """Speech as a WAV file."""
    samples, made_hz = files.decoded(sound.mp3)
    return files.wav(soxr.resample(samples, made_hz, rate_hz), rate_hz)


def main(handler: type[Speaking]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="log of requests, JSON lines")
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help="Piper's Joe, kept here; else tones")
    parser.add_argument("--key", default=Terms.key)
    parser.add_argument("--at-once", type=int, default=Terms.at_once, help="requests; 0: no limit")
    parser.add_argument("--per-minute", type=int, default=Terms.per_minute, help="requests; 0: no limit")
    parser.add_argument("--quota", type=int, default=Terms.quota, help="characters")
    parser.add_argument("--latency-s", type=float, default=0.0, help="of making speech, on average")
    parser.add_argument("--hang-s", type=float, default=5.0, help="how long an answer that hangs is held back")
    parser.add_argument("--chance", action="append", default=[], metavar="FAULT=SHARE", help="for example drop=0.02")
    parser.add_argument("--seed", type=int, default=0, help="of the chances")
    given = parser.parse_args()
    terms = Terms(key=given.key, at_once=given.at_once, per_minute=given.per_minute, quota=given.quota)
    chances = {name: float(share) for name, _, share in (each.partition("=") for each in given.chance)}
    faults = Faults(chances, given.seed, (*handler.refusals, *AFTER, *handler.own_faults))
    speaker = Joe(given.speech) if given.speech else Tone()
    server = Emulator(handler, Till(terms, given.state), faults, speaker, given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - what it is started for
    server.serve_forever()
