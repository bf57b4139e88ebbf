"""ElevenLabs on this machine: its wire protocol, limits, charges, history and faults, for the real SDK.

    python -m tests.emulators.elevenlabs --state requests.jsonl --chance busy=0.04 --chance drop=0.02

Prints its address. ``--state`` is the log of every request to speak, and what it starts again from. Beside the
provider's addresses: ``POST /emulator/next`` (a JSON list of faults for the next requests) and ``POST /emulator/reset``
(an object of terms, see ``account.Terms``).
"""

import argparse
import base64
import json
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import soxr

from podmill.speech import files
from tests.emulators.account import MODELS, Account, Entry, Terms
from tests.emulators.elevenlabs_answers import ANSWERS
from tests.emulators.faults import AFTER, BEFORE, Faults
from tests.emulators.http import Handler, RefusedError, Server
from tests.emulators.sound import CHARACTERS_A_SECOND, Joe, Sound, Speaker, Tone

DEFAULT_MODEL: Final = "eleven_multilingual_v2"
VOICES_MAX: Final = 10
"""Of a dialogue."""
VOICE: Final = re.compile(r"[A-Za-z0-9]{8,64}")
FORMATS: Final = {"mp3_22050_32": "free", "pcm_24000": "free", "wav_24000": "free", "mp3_44100_192": "creator"}
FORMATS |= {f"mp3_44100_{kbps}": "free" for kbps in (32, 64, 96, 128)} | {"pcm_44100": "pro", "wav_44100": "pro"}
"""And the smallest plan that has each."""
WAV_HEADER_BYTES: Final = 44
TIERS: Final = ("free", "starter", "creator", "pro", "scale", "enterprise")
STITCHING: Final = ("previous_text", "next_text", "previous_request_ids", "next_request_ids")
STATUS: Final = {"ok": 200, "truncate": 200, "shapeless": 200, "error_billed": 500}
"""Of answers after the speech was made; the others are none."""


class Emulator(Server):
    def __init__(
        self, port: int, account: Account, faults: Faults, speaker: Speaker, latency_s: float, hang_s: float
    ) -> None:
        super().__init__(("127.0.0.1", port), ElevenLabs)
        self.account = account
        self.faults = faults
        self.speaker = speaker
        self.latency_s = latency_s
        """Of making speech, on average."""
        self.latency_spread = 0.5
        """Share of it by which a request may take longer or shorter."""
        self.hang_s = hang_s


def refused(status: int, kind: str, code: str, message: str, **headers: str) -> RefusedError:
    detail = {"type": kind, "code": code, "status": code, "message": message, "param": None}
    return RefusedError(status, {"detail": detail}, {name.replace("_", "-"): value for name, value in headers.items()})


def invalid(name: str, message: str, value: object) -> RefusedError:
    """What FastAPI says of a body."""
    wrong = {"type": "value_error", "loc": ["body", name], "msg": message, "input": value}
    return RefusedError(422, {"detail": [wrong]})


class ElevenLabs(Handler):
    server: Emulator
    routes = {  # noqa: RUF012 - a class variable by its declaration in the base class
        r"POST /v1/text-to-speech/([^/]+?)(/with-timestamps)?": "speak",
        r"POST /v1/text-to-dialogue(/with-timestamps)?": "speak_dialogue",
        r"GET /v1/models": "models",
        r"GET /v1/user/subscription": "subscription",
        r"GET /v1/voices/([^/]+)": "voice",
        r"GET /v1/history": "history",
        r"GET /v1/history/([^/]+)": "history_item",
        r"GET /v1/history/([^/]+)/audio": "history_audio",
        r"POST /emulator/next": "plan",
        r"POST /emulator/reset": "reset",
    }

    # To speak

    def speak(self, voice: str, timed: str | None) -> None:
        with self._refusals(voice):
            wanted = self._wanted()
            if not isinstance(wanted.get("text"), str):
                raise invalid("text", "Field required", wanted)
            self._authorize()
            self._check(wanted, wanted["text"], [voice])
        self._speak(wanted, [[wanted["text"], voice]], timed)

    def speak_dialogue(self, timed: str | None) -> None:
        with self._refusals():
            wanted = {"model_id": "eleven_v3"} | self._wanted()
            turns = self._turns(wanted)
            self._authorize()
            self._check_dialogue(wanted, turns)
        self._speak(wanted, turns, timed)

    def _speak(self, wanted: dict[str, Any], turns: list[list[str]], timed: str | None) -> None:
        model, seed = wanted["model_id"], wanted["seed"]
        text, voice = "\n".join(turn[0] for turn in turns), "+".join(turn[1] for turn in turns)
        told = {name: wanted[name] for name in (*STITCHING, "voice_settings") if name in wanted}
        dialogue = turns if len(turns) > 1 else []
        account, faults = self.server.account, self.server.faults
        at_once, limit = account.arrive()
        note = partial(
            *(account.note,), text=text, voice=voice, model=model, seed=seed, at_once=at_once, turns=dialogue, **told
        )
        if limit:
            note(limit, 429)
            raise self._refusal(limit)
        try:
            outcome = faults.next(text) or "ok"
            if outcome in BEFORE or outcome in ANSWERS:
                note(outcome, (BEFORE.get(outcome) or ANSWERS[outcome])[0], fault=True)
                raise self._refusal(outcome)
            entry = account.charge(text, voice, model, seed, dialogue)
            if entry is None:
                note("quota_exceeded", 401)
                raise self._quota(text, model)
            # Written down before the speech is made: however this process ends, what it charged is known.
            note(outcome, STATUS.get(outcome, 0), entry=entry)
            started = time.monotonic()
            sound = self._sound(entry)
            spread = self.server.latency_spread
            latency_s = self.server.latency_s * random.uniform(1 - spread, 1 + spread)
            time.sleep(max(0.0, started + latency_s - time.monotonic()))
            account.record(entry)
        finally:
            # Also before an answer that is held back: the provider has done its work.
            account.leave()
        audio = in_format(sound.mp3, self._format())
        self._hand_out(outcome, entry, replace(sound, mp3=audio) if timed else audio)

    def _sound(self, entry: Entry) -> Sound:
        if not entry.turns:
            return self.server.speaker.speak(entry.text, entry.voice, entry.seed)
        return self.server.speaker.dialogue(entry.turns, entry.seed)

    def _hand_out(self, outcome: str, entry: Entry, made: Sound | bytes) -> None:
        if outcome in ("hang", "drop"):
            time.sleep(self.server.hang_s if outcome == "hang" else 0.0)
            self.drop()
            return
        if outcome == "error_billed":
            raise self._refusal("error")
        content: object = made if isinstance(made, bytes) else timed(entry, made)
        cost = {"request-id": entry.request_id, "character-cost": str(entry.billed)}
        headers = cost | self.server.account.at_once_headers()
        self.send({} if outcome == "shapeless" else content, 200, headers, cut=outcome == "truncate")

    @contextmanager
    def _refusals(self, voice: str = "") -> Iterator[None]:
        """Write down what is refused before it counts as a request."""
        account = self.server.account
        try:
            yield
        except RefusedError as error:
            account.note("refused", error.status, voice=voice, at_once=account.at_once)
            raise

    def _wanted(self) -> dict[str, Any]:
        """The body, checked before anything else: before the key, too."""
        try:
            body = json.loads(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("", "Input should be a valid dictionary", None)
        wanted: dict[str, Any] = {"model_id": DEFAULT_MODEL, "seed": 0} | body
        if not isinstance(wanted["seed"], int) or not 0 <= wanted["seed"] < 2**32:
            raise invalid("seed", "Input should be between 0 and 4294967295", wanted["seed"])
        for name in ("previous_request_ids", "next_request_ids"):
            if len(wanted.get(name) or ()) > 3:
                raise invalid(name, "List should have at most 3 items", wanted[name])
        return wanted

    @staticmethod
    def _turns(wanted: dict[str, Any]) -> list[list[str]]:
        """Text and voice of each turn of a dialogue."""
        turns = wanted.get("inputs")
        if not isinstance(turns, list) or not turns:
            raise invalid("inputs", "Field required", wanted)
        for turn in turns:
            if not isinstance(turn, dict) or not all(isinstance(turn.get(name), str) for name in ("text", "voice_id")):
                raise invalid("inputs", "Field required", turn)
        return [[turn["text"], turn["voice_id"]] for turn in turns]

    def _authorize(self) -> None:
        key = self.headers.get("xi-api-key")
        if key is None:
            raise refused(401, "authentication_error", "needs_authorization", "Neither key nor token was given.")
        if key != self.server.account.terms.key:
            raise refused(401, "authentication_error", "invalid_api_key", "Invalid API key")

    def _check_dialogue(self, wanted: dict[str, Any], turns: list[list[str]]) -> None:
        voices = sorted({voice for _, voice in turns})
        if len(voices) > VOICES_MAX:
            raise refused(400, "validation_error", "invalid_parameters", f"At most {VOICES_MAX} voices.")
        if not wanted["model_id"].startswith("eleven_v3"):
            message = f"Model {wanted['model_id']} does not support text to dialogue."
            raise refused(400, "validation_error", "unsupported_model", message)
        self._check(wanted, "".join(text for text, _ in turns), voices)

    def _check(self, wanted: dict[str, Any], text: str, voices: list[str]) -> None:
        """What the provider refuses before it counts a request."""
        model = wanted["model_id"]
        for voice in voices:
            self._must_have(voice)
        if model not in MODELS:
            raise refused(400, "validation_error", "model_not_found", f"A model with id {model} was not found.")
        if not text.strip():
            raise refused(400, "validation_error", "empty_text", "The text is empty.")
        most = self.server.account.characters_max(model)
        if len(text) > most:
            message = f"A request can have {most} characters at most, this one has {len(text)}."
            raise refused(400, "validation_error", "max_character_limit_exceeded", message)
        terms, wanted_format = self.server.account.terms, self._format()
        if wanted_format not in FORMATS:
            raise refused(400, "validation_error", "invalid_output_format", f"There is no format {wanted_format}.")
        if TIERS.index(FORMATS[wanted_format]) > TIERS.index(terms.tier):
            raise refused(*BEFORE["format"])
        if terms.tier == "free" and set(voices) & set(terms.library):
            raise refused(402, "payment_required", "paid_plan_required", "Free users cannot use library voices.")
        if (model.startswith("eleven_v3") or model in terms.unstitched) and any(name in wanted for name in STITCHING):
            message = f"Providing previous_text or next_text is not yet supported with the '{model}' model."
            raise refused(400, "validation_error", "unsupported_model", message)

    def _format(self) -> str:
        return self.query.get("output_format", "mp3_44100_128")

    def _must_have(self, voice: str) -> None:
        voices = self.server.account.terms.voices
        if not VOICE.fullmatch(voice) or (voices and voice not in voices):
            raise refused(404, "not_found", "voice_not_found", f"A voice with voice_id {voice} was not found.")

    def _refusal(self, name: str) -> RefusedError:
        if name not in BEFORE:
            return RefusedError(*ANSWERS[name], {})
        status, kind, code, message = BEFORE[name]
        account = self.server.account
        if name == "busy":
            message += (
                " Your current subscription is associated with a maximum of "
                f"{account.terms.at_once} concurrent requests (running in parallel)."
            )
        headers = account.at_once_headers() if status == 429 else {}
        if name == "rate":
            headers["Retry-After"] = str(account.retry_after_s())
        return refused(status, kind, code, message, **headers)

    def _quota(self, text: str, model: str) -> RefusedError:
        account = self.server.account
        message = (
            f"This request exceeds your quota of {account.terms.quota}. You have {account.terms.quota - account.used} "
            f"credits remaining, while {account.cost(text, model)} credits are required for this request."
        )
        return refused(401, "invalid_request", "quota_exceeded", message)

    # To look things up

    def models(self) -> None:
        self._authorize()
        if not self.server.account.lists():
            raise self._refusal("maintenance")
        self.send(
            [
                {
                    "model_id": name,
                    "name": name,
                    "can_do_text_to_speech": True,
                    "maximum_text_length_per_request": self.server.account.characters_max(name),
                    "model_rates": {"character_cost_multiplier": rate},
                }
                for name, (_, rate) in MODELS.items()
            ]
        )

    def subscription(self) -> None:
        self._authorize()
        account = self.server.account
        counts = {"character_count": account.used, "character_limit": account.terms.quota}
        self.send({"tier": account.terms.tier, "status": "active", "currency": "usd"} | counts)

    def voice(self, voice: str) -> None:
        self._authorize()
        self._must_have(voice)
        shared = voice in self.server.account.terms.library
        told = {"category": "professional", "sharing": {"status": "copied", "free_users_allowed": False}}
        self.send({"voice_id": voice, "name": voice, "labels": {}, **(told if shared else {"category": "premade"})})

    def history(self) -> None:
        self._authorize()
        query = self.query
        if "model_id" in query and "source" not in query:
            raise invalid("source", "source is required when model_id is given", None)
        since, until = int(query.get("date_after_unix", 0)), int(query.get("date_before_unix", 2**40))
        found = [
            entry
            for entry in self.server.account.history()
            if since <= entry.date_unix < until
            and query.get("voice_id", entry.voice) == entry.voice
            and query.get("model_id", entry.model) == entry.model
            and query.get("search", "") in entry.text
            and query.get("source", "TTS") == "TTS"
        ]
        if query.get("sort_direction", "desc") == "desc":
            found.reverse()
        ids = [entry.history_item_id for entry in found]
        after = query.get("start_after_history_item_id")
        start = ids.index(after) + 1 if after in ids else 0
        end = start + min(int(query.get("page_size", 100)), self.server.account.terms.page_max)
        page = [_item(entry) for entry in found[start:end]]
        last = page[-1]["history_item_id"] if page else None
        self.send({"history": page, "has_more": end < len(found), "last_history_item_id": last})

    def history_item(self, item_id: str) -> None:
        self.send(_item(self._entry(item_id)))

    def history_audio(self, item_id: str) -> None:
        entry = self._entry(item_id)
        self.send(self._sound(entry).mp3)

    def _entry(self, item_id: str) -> Entry:
        self._authorize()
        for entry in self.server.account.history():
            if entry.history_item_id == item_id:
                return entry
        raise refused(404, "not_found", "history_item_not_found", "No such item.")

    # To steer it

    def plan(self) -> None:
        self.server.faults.plan(json.loads(self.body))
        self.send({})

    def reset(self) -> None:
        self.server.account.reset(json.loads(self.body))
        self.server.faults.reset()
        self.send({})


def in_format(mp3: bytes, wanted_format: str) -> bytes:
    """The sound in the format that was asked for; all of MP3 are one."""
    kind, rate_hz = wanted_format.split("_")[:2]
    if kind == "mp3":
        return mp3
    samples, made_hz = files.decoded(mp3)
    wav = files.wav(soxr.resample(samples, made_hz, int(rate_hz)), int(rate_hz))
    return wav if kind == "wav" else wav[WAV_HEADER_BYTES:]


def timed(entry: Entry, sound: Sound) -> dict[str, Any]:
    names = ("characters", "character_start_times_seconds", "character_end_times_seconds")
    alignment = dict(zip(names, (list(entry.text), sound.starts_s, sound.ends_s), strict=True))
    audio = base64.b64encode(sound.mp3).decode()
    told: dict[str, Any] = {"audio_base64": audio, "alignment": alignment, "normalized_alignment": alignment}
    if entry.turns:
        told["voice_segments"] = []
        at = 0
        for number, (text, voice) in enumerate(entry.turns):
            end = at + len(text)
            times = {"start_time_seconds": sound.starts_s[at], "end_time_seconds": sound.ends_s[end - 1]}
            places = {"character_start_index": at, "character_end_index": end, "dialogue_input_index": number}
            told["voice_segments"].append({"voice_id": voice} | times | places)
            at = end + 1
    return told


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "history_item_id": entry.history_item_id,
        "request_id": entry.request_id,
        "voice_id": None if entry.turns else entry.voice,
        "model_id": entry.model,
        "voice_name": None if entry.turns else entry.voice,
        "voice_category": "premade",
        "text": None if entry.turns else entry.text,
        "dialogue": [{"text": text, "voice_id": voice, "voice_name": voice} for text, voice in entry.turns] or None,
        "date_unix": entry.date_unix,
        "character_count_change_from": entry.used_before,
        "character_count_change_to": entry.used_before + entry.billed,
        "content_type": "audio/mpeg",
        "state": "created",
        "source": "TTS",
        "output_format": "mp3_44100_128",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.elevenlabs", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="log of requests, JSON lines; read at the start")
    parser.add_argument("--speech", type=Path, metavar="FOLDER", help="Piper's Joe, kept here; else tones")
    parser.add_argument("--characters-a-second", type=float, default=CHARACTERS_A_SECOND, help="of tones")
    parser.add_argument("--key", default=Terms.key)
    parser.add_argument("--at-once", type=int, default=Terms.at_once, help="requests; 0: no limit")
    parser.add_argument("--per-minute", type=int, default=Terms.per_minute, help="requests; 0: no limit")
    parser.add_argument("--quota", type=int, default=Terms.quota, help="credits")
    parser.add_argument("--latency-s", type=float, default=0.0, help="of making speech, on average")
    parser.add_argument("--hang-s", type=float, default=5.0, help="how long an answer that hangs is held back")
    parser.add_argument("--chance", action="append", default=[], metavar="FAULT=SHARE", help="for example drop=0.02")
    parser.add_argument("--seed", type=int, default=0, help="of the chances")
    return parser.parse_args()


def main() -> None:
    given = _options()
    terms = Terms(key=given.key, at_once=given.at_once, per_minute=given.per_minute, quota=given.quota)
    chances = {name: float(share) for name, _, share in (each.partition("=") for each in given.chance)}
    faults = Faults(chances, given.seed, (*BEFORE, *AFTER, *ANSWERS))
    speaker = Joe(given.speech) if given.speech else Tone(given.characters_a_second)
    server = Emulator(given.port, Account(terms, given.state), faults, speaker, given.latency_s, given.hang_s)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201 - what it is started for
    server.serve_forever()


if __name__ == "__main__":
    main()
