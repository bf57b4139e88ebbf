"""``podmill costs compare``: every way in which a provider and the ledger can disagree, by its name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from models.tables import Show
from podmill import settings
from podmill.cli import main
from podmill.errors import InDoubtError
from podmill.money.charge import short_id
from podmill.money.fence import Fence
from podmill.money.ledger import Ledger
from podmill.speech.elevenlabs import ElevenLabs
from podmill.speech.engine import RequestLine, SpeechRequest
from podmill.store.database import open_engine, transaction
from tests import spending
from tests.batches import insert
from tests.emulators.running import Running
from tests.spending import CHARGE
from tests.unit.podmill.money.provider import claim, make_episode

Captured = pytest.CaptureFixture[str]
DAY = "2026-11-21"
NOON = 1_795_262_400.0
HOUR_S = 3600.0


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(settings.current())
    yield opened
    opened.dispose()


@pytest.fixture
def fence(engine: Engine) -> Fence:
    Ledger(engine).open_account("default", None)
    with transaction(engine) as connection:
        insert(connection, Show, [{"slug": "sea", "title": "Sea", "guid": "sea", "created_at": 0.0}])
    fence = claim(engine, make_episode(engine, "sea", "Tides"))
    Ledger(engine).reserve("default", 1_000_000, fence)
    return fence


def intend(engine: Engine, fence: Fence, text: str) -> str:
    wanted = spending.wish(fence.episode_id, text, len(text))
    return Ledger(engine).intend(wanted, fence, f"{fence.token}/{text}").key


def speak(text: str) -> tuple[str | None, Any]:
    line = RequestLine(index=0, speaker="S1", voice="elevenlabs:JBFqnCBsd6RMkjVDRZzb", text=text)
    asked = SpeechRequest(key="0" * 64, engine="elevenlabs", language="en", variant=0, lines=(line,))
    receipt = ElevenLabs(settings.current()).speak(asked).receipt
    assert receipt
    return receipt.request_id, receipt.billed


def buy(engine: Engine, fence: Fence, text: str) -> None:
    key = intend(engine, fence, text)
    request_id, billed = speak(text)
    bill = spending.wish(fence.episode_id, text, len(text)).bill(billed, request_id)
    Ledger(engine).settle(key, bill, reply={"kept": text})


def lose(engine: Engine, fence: Fence, text: str) -> str:
    """A request that is made and billed, whose answer is lost; returns what people call its charge."""
    key = intend(engine, fence, text)
    with pytest.raises(InDoubtError):
        speak(text)
    Ledger(engine).doubt(key, "The connection broke.")
    return short_id(key)


def told(capsys: Captured, *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["costs", "compare", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def hosted(elevenlabs_emulator: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    for name, value in elevenlabs_emulator.env.items():
        monkeypatch.setenv(name, value)
    settings.current.cache_clear()
    return elevenlabs_emulator


def test_the_history_of_elevenlabs(hosted: Running, engine: Engine, fence: Fence, capsys: Captured) -> None:
    """Real requests agree; one behind our back, lost, never sent or wrongly refused is told, and what to do."""
    buy(engine, fence, "Welcome back to the show.")
    assert told(capsys, "elevenlabs")[0] == 0

    speak("Somebody else has our key.")
    hosted.next("drop")
    lost = lose(engine, fence, "An answer that never came back to us at all.")
    hosted.next("error_billed")
    refused = lose(engine, fence, "Billed, and then there was an error.")
    assert main(["charges", "refuse", refused]) == 0
    never = intend(engine, fence, "Never sent.")
    Ledger(engine).doubt(never, "The worker died.")
    intend(engine, fence, "Under way")
    capsys.readouterr()

    code, found = told(capsys, "elevenlabs")

    assert code == 1
    assert {each["kind"]: each["charges"] for each in found["differences"]} == {
        "unknown_here": [],
        "doubt_billed": [lost],
        "refused_billed": [refused],
        "doubt_not_billed": [short_id(never)],
    }
    assert len(found["differences"]) == 4
    assert {each["action"] for each in found["differences"]} >= {
        f"Run: podmill charges settle {lost}",
        f"Run: podmill charges refuse {short_id(never)}",
    }
    assert (found["agreed"], found["under_way"]) == (1, 1)
    assert (found["ours"]["requests"], found["theirs"]["requests"]) == (3, 4)
    billed = [line for line in hosted.requests() if line["billed"]]
    assert found["theirs"]["quantity"] == sum(line["billed"] for line in billed)

    main(["charges", "settle", lost])
    main(["charges", "refuse", short_id(never)])
    assert main(["costs", "compare", "elevenlabs"]) == 1
    table = capsys.readouterr().out
    assert f"theirs, not ours: They billed request {billed[1]['request_id']}" in table
    assert "2 requests agree, 2 differences." in table


def test_what_the_count_has_and_the_history_has_not(
    hosted: Running, engine: Engine, fence: Fence, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that were deleted there still stand in the count of the subscription; another amount is told, too."""
    from podmill.speech.elevenlabs_account import Account

    buy(engine, fence, "The first.")
    speak("Deleted afterwards.")
    buy(engine, fence, "The last one.")
    with transaction(engine) as connection:
        connection.execute(update(CHARGE).where(CHARGE.c.content == "The first.").values(quantity=4))
    listed = Account.history
    monkeypatch.setattr(
        Account, "history", lambda *asked: (each for each in listed(*asked) if each.text != "Deleted afterwards.")
    )

    code, found = told(capsys, "elevenlabs")

    assert (code, found["agreed"]) == (1, 1)
    differ, elsewhere = found["differences"]
    assert (differ["kind"], differ["ours_quantity"], differ["theirs_quantity"]) == ("amount", 4, 10)
    assert (elsewhere["kind"], elsewhere["theirs_quantity"]) == ("elsewhere", len("Deleted afterwards."))


def settle(engine: Engine, fence: Fence, request_id: str, quantity: int, *, after_s: float = 0.0) -> None:
    charge = spending.buy(
        Ledger(engine), fence, spending.wish(fence.episode_id, request_id, quantity, "exa"), request_id
    )
    move(engine, charge.key, NOON + after_s)


def move(engine: Engine, key: str, at: float) -> None:
    with transaction(engine) as connection:
        connection.execute(update(CHARGE).where(CHARGE.c.key == key).values(created_at=at))


def doubt(engine: Engine, fence: Fence, quantity: int, *, after_s: float = 0.0) -> str:
    wanted = spending.wish(fence.episode_id, f"doubt {quantity}", quantity, "exa")
    charge = Ledger(engine).intend(wanted, fence, f"{fence.token}/{quantity}")
    Ledger(engine).doubt(charge.key, "The connection broke.")
    move(engine, charge.key, NOON + after_s)
    return short_id(charge.key)


def test_a_bill_by_request(engine: Engine, fence: Fence, tmp_path: Path, capsys: Captured) -> None:
    """Headers as consoles write them, costs rounded to cents of a cent, several lines of one request."""
    settle(engine, fence, "x1", 10)
    settle(engine, fence, "x2", 20, after_s=1)
    settle(engine, fence, "x3", 30, after_s=2)
    lost = doubt(engine, fence, 4, after_s=3)
    bill = tmp_path / "usage.csv"
    bill.write_text(
        "\ufeffCreated At;Request ID;Cost (USD);Currency;Model\r\n"
        f"{DAY} 12:00:02 UTC;x1;$0.0600;USD;fast\r\n"
        f"{DAY}T12:00:03Z;x1;0.0100;USD;fast\r\n"
        "1795262404;x2;0.1500;USD;fast\r\n"
        f"{DAY}T13:00:05+01:00;x9;0.0280;usd;fast\r\n"
        f"{DAY} 12:00:05;x8;0.0290;USD;fast\r\n"
    )

    code, found = told(capsys, "exa", "--file", bill)

    assert code == 1
    assert [(each["kind"], each["name"]) for each in found["differences"]] == [
        ("amount", "x2"),
        ("unknown_there", "x3"),
        ("doubt_billed", "x9"),
        ("unknown_here", "x8"),
    ]
    assert found["differences"][0]["says"] == "Request x2: they took $0.1500, here it is $0.1400."
    assert found["differences"][2]["action"] == f"Run: podmill charges settle {lost} --usd 0.028000"
    assert (found["since"], found["until"], found["by"]) == (DAY, DAY, "request")
    assert found["theirs"] == {"requests": 4, "quantity": None, "microusd": 277_000}


def test_a_provider_is_all_its_models(engine: Engine, fence: Fence, tmp_path: Path, capsys: Captured) -> None:
    """Its name stands for all that are paid apart; one can be compared alone, and another's name is not mixed in."""
    for number, provider in enumerate(("exa", "exa:deep", "exact")):
        settle(engine, fence, f"x{number}", 10)
        with transaction(engine) as connection:
            connection.execute(update(CHARGE).where(CHARGE.c.request_id == f"x{number}").values(provider=provider))
    bill = tmp_path / "usage.csv"
    bill.write_text(f"day,cost\n{DAY},0.14\n")
    assert told(capsys, "exa", "--file", bill)[0] == 0
    bill.write_text(f"day,cost\n{DAY},0.07\n")
    assert told(capsys, "exa:deep", "--file", bill)[0] == 0


def test_a_bill_by_day(engine: Engine, fence: Fence, tmp_path: Path, capsys: Captured) -> None:
    """Each day agrees, differs, is on one side alone, or is explained by what is in doubt."""
    days = [f"2026-11-{day}" for day in range(21, 27)]
    for number in (0, 1, 2, 3, 5):
        settle(engine, fence, f"y{number}", 10 + number, after_s=number * 24 * HOUR_S)
    billed, never = doubt(engine, fence, 5, after_s=48 * HOUR_S), doubt(engine, fence, 6, after_s=72 * HOUR_S)
    bill = tmp_path / "days.csv"
    units = (10, 12, 12 + 5, 13, 8)
    bill.write_text("date,units\n" + "".join(f"{day},{count}\n" for day, count in zip(days, units, strict=False)))

    code, found = told(capsys, "exa", "--file", bill, "--until", days[-1])

    assert (code, found["agreed"], found["by"]) == (1, 1, "day")
    assert [(each["kind"], each["name"], each["charges"]) for each in found["differences"]] == [
        ("amount", days[1], []),
        ("doubt_billed", days[2], [billed]),
        ("doubt_not_billed", days[3], [never]),
        ("unknown_here", days[4], []),
        ("unknown_there", days[5], []),
    ]
    assert told(capsys, "exa", "--file", bill, "--until", days[0])[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody"], "Nothing was ever asked of 'nobody'. The ledger has: exa."),
        (["exa"], "exa does not tell by its API what it billed for each request."),
        (["exa", "--since", "yesterday"], "Not a day or a month: 'yesterday'."),
        (["exa", "--file", "none.csv"], "/none.csv: No such file."),
        (["exa", "--file", __file__], f"{__file__}:1: No column says how much was billed."),
    ],
)
def test_a_wrong_question_is_exit_2(
    arguments: list[str], says: str, engine: Engine, fence: Fence, capsys: Captured
) -> None:
    """One line says what is wrong and what to do."""
    spending.buy(Ledger(engine), fence, spending.wish(fence.episode_id, "one", 1, "exa"), "x1")
    assert main(["costs", "compare", *arguments]) == 2
    told = capsys.readouterr()
    assert (told.out, says in told.err) == ("", True), told.err
