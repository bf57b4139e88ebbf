"""An emulated ElevenLabs whose speech is prepared, so that making it costs nothing, and that notes when it works.

Run by ``benchmarks.paid_batch`` as a process of its own, with its terms as JSON. Prints its address. ``moments.csv``
beside its log holds each arrival of a request it took and each end of its work: seconds by its own clock, +1 or -1.
"""

import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.emulators.account import Account, Entry, Terms
from tests.emulators.elevenlabs import ElevenLabs, Emulator, timed
from tests.emulators.faults import Faults
from tests.emulators.sound import Sound, Tone

STOCK: Final = 8
"""Lengths of sound that are prepared."""
TAG_BYTES: Final = 128
"""Of an ID3v1 tag, which ends an MP3 file."""


class Stock:
    """Tones of a few lengths; a text gets the longest that is not longer than it would be, and times to match."""

    def __init__(self, characters_a_second: float, shortest: int, longest: int) -> None:
        self._pace = characters_a_second
        self._made = [
            self._tone(round(shortest + (longest - shortest) * number / (STOCK - 1))) for number in range(STOCK)
        ]

    def _tone(self, characters: int) -> tuple[float, bytes]:
        sound = Tone(self._pace).speak("x" * characters, "stock", 0)
        return sound.ends_s[-1], sound.mp3

    def speak(self, text: str, voice: str, seed: int) -> Sound:
        wanted_s = len(text) / self._pace
        duration_s, mp3 = next((made for made in reversed(self._made) if made[0] <= wanted_s), self._made[0])
        edges = [round(duration_s * place / len(text), 3) for place in range(len(text) + 1)]
        # As with a real voice, no two texts give the same bytes.
        tag = b"TAG" + f"{voice}{seed}{text}".encode()[: TAG_BYTES - 3].ljust(TAG_BYTES - 3, b"\0")
        return Sound(mp3 + tag, edges[:-1], edges[1:])

    def dialogue(self, turns: Sequence[Sequence[str]], seed: int) -> Sound:
        raise NotImplementedError("The scripts of this benchmark have one voice.")


class Noting(Account):
    """Notes when requests come and when they are done."""

    def __init__(self, terms: Terms, log: Path) -> None:
        super().__init__(terms, log)
        self._moments = log.with_name("moments.csv").open("a", encoding="utf-8")

    def arrive(self) -> tuple[int, str | None]:
        at_once, limit = super().arrive()
        if limit is None:
            self._note(1)
        return at_once, limit

    def leave(self) -> None:
        self._note(-1)
        super().leave()

    def _note(self, change: int) -> None:
        self._moments.write(f"{time.monotonic()},{change}\n")
        self._moments.flush()


class Speaking(ElevenLabs):
    """Its answer is written within the time that the request takes, not after it."""

    def _sound(self, entry: Entry) -> Sound:
        sound = super()._sound(entry)
        self._answer = json.dumps(timed(entry, sound)).encode()
        return sound

    def _hand_out(self, outcome: str, entry: Entry, made: Sound | bytes) -> None:  # noqa: ARG002 - the base class
        self.send_response(200)
        told = {"request-id": entry.request_id, "character-cost": str(entry.billed)}
        told |= self.server.account.at_once_headers()
        for name, value in {"Content-Type": "application/json", "Content-Length": len(self._answer), **told}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(self._answer)
        self.wfile.flush()


def main() -> None:
    given = json.loads(sys.argv[1])
    stock = Stock(given["characters_a_second"], given["shortest"], given["longest"])
    account = Noting(Terms(**given["terms"]), Path(given["log"]))
    server = Emulator(0, account, Faults({}, 0, ()), stock, given["latency_s"], 0.0)
    server.latency_spread = 0.0
    server.RequestHandlerClass = Speaking
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
