"""What is given up of an episode that a budget does not cover, and what becomes of it."""

import pytest
from celery.exceptions import Ignore

from models.brief import Brief
from models.quote import Quote
from models.script import Chapter, Script
from models.steps import Step
from models.tables import Batch, table
from models.verdict import LineVerdict, Verdict
from pipelines import episode as episodes
from podcast_tasks import cost_check, running
from podcast_tasks.retrying import GPU_QUEUE
from podcast_tasks.running import Done, run_step
from podmill.money import purses
from podmill.report.status import batch_status
from podmill.store.database import reading, transaction
from tests.humming import CAST, heard, row, speak, wake
from tests.unit.podcast_tasks.conftest import CACHES
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

PRICE = '[[price]]\nprovider = "{}"\nunit = "character"\nusd = "{}"\nsource = "test"\ndate = 2026-11-21\n'
HD = '[[price]]\nprovider = "alpha"\nunit = "character in HD"\nusd = "0.003"\nsource = "test"\ndate = 2026-11-21\n'
SPEECH = tuple(f"S{1 + index % 2}: Line {word} of the talk is here." for index, word in enumerate("ABCDEFGHIJKL"))
CHARACTERS = 12 * len("Line A of the talk is here.")
STANDARD = CHARACTERS * 1_000
"""Micro-dollars."""


def chapters(whole: Script) -> Script:
    """In four of three lines each."""
    lines = tuple(line.model_copy(update={"chapter": line.index // 3}) for line in whole.lines)
    titles = tuple(Chapter(title=f"C{number}", first_line=3 * number) for number in range(4))
    return whole.model_copy(update={"lines": lines, "chapters": titles, "estimated_s": 300.0})


@pytest.fixture
def asked(engine, settings, show, hums, monkeypatch, tmp_path):
    """An episode of five minutes whose cost is checked under a budget; alpha costs, three times as much in HD."""
    if settings.database_url:
        monkeypatch.setenv("PODMILL_DATABASE_URL", settings.database)
    listed = "".join(PRICE.format(name, usd) for name, usd in (("alpha", "0.001"), ("beta", "0"), ("gamma", "0")))
    (tmp_path / "prices.toml").write_text(listed + HD)

    def priced(self, request):
        return "alpha", {"character in HD" if "hd" in self.settings.minimax_model else "character": request.characters}

    monkeypatch.setattr(hums["alpha"], "priced", priced, raising=False)
    monkeypatch.setattr("podmill.speech.stand_ins._own", lambda _: ["gamma"])

    def ask(budget_microusd: int, *degrade: str, quality: str = "standard") -> str:
        for cache in CACHES:
            cache.cache_clear()
        brief = Brief(show=show, topic="tides", cast=CAST, quality=quality, degrade=degrade, minutes=5)
        with transaction(engine) as connection:
            connection.execute(
                table(Batch)
                .insert()
                .values(Batch(id="b", name="b", fingerprint="f", show=show, created_at=0).model_dump())
            )
            made, _ = episodes.make(
                connection,
                key="k",
                brief=brief,
                title="Tides",
                account="default",
                batch_id="b",
                synthesis_queue="synthesis.api",
            )
            purses.set_budget(connection, "account:default", "total", budget_microusd)
        run_step(Step.RESEARCH, made, lambda _: Done(tides()))
        run_step(Step.SCRIPTING, made, lambda _: Done(chapters(script(*SPEECH))))
        return made

    return ask


def checked(episode_id: str) -> Quote:
    run_step(Step.COST_CHECK, episode_id, cost_check.make)
    quote = running.journal().document(episode_id, Step.COST_CHECK, Quote)
    assert quote
    return quote


def status(engine):
    with reading(engine) as connection:
        return batch_status(connection, "b").episodes[0]


def test_what_fits_is_made_as_it_was_asked_for(engine, asked):
    """Nothing is given up, whatever may be."""
    made = asked(3 * STANDARD, "quality", "voice", "minutes", quality="hd")
    quote = checked(made)
    assert quote.degraded is None
    assert (quote.cost_microusd, status(engine).degraded) == (3 * STANDARD, None)


def test_standard_quality_instead_of_hd(engine, asked, hums):
    """The voices are the same, and speak in the models of standard quality; status says so and why."""
    made = asked(STANDARD, "quality", "voice", "minutes", quality="hd")
    quote = checked(made)
    assert quote.degraded
    assert (quote.degraded.given_up, quote.degraded.quality) == (("quality",), "standard")
    assert (quote.cost_microusd, quote.degraded.full_microusd) == (STANDARD, 3 * STANDARD)
    said = status(engine).degraded
    assert said
    assert said.startswith("Standard quality instead of HD. The account 'default' has 0.324000 USD left; 0.972")
    assert set(heard(speak(made))) == {"alpha"}


def test_what_saves_nothing_is_kept(asked):
    """There is no HD to give up: the next that is allowed is."""
    quote = checked(asked(STANDARD // 2, "quality", "voice"))
    assert quote.degraded
    assert quote.degraded.given_up == ("voice",)


def test_local_voices_speak_on_their_own_queue(engine, asked):
    """Not on that of providers; no paid voice is left that could speak instead of them."""
    made = asked(1_000, "voice", quality="hd")
    quote = checked(made)
    assert quote.degraded
    assert [member.voice for member in quote.degraded.cast] == ["gamma:low", "gamma:high"]
    assert not any(member.voices for member in quote.degraded.cast)
    assert (quote.cost_microusd, quote.degraded.quality) == (0, "hd")
    with pytest.raises(Ignore):
        speak(made)
    assert row(engine, made).synthesis_queue == GPU_QUEUE
    wake(engine)
    assert set(heard(speak(made))) == {"gamma"}


def test_fewer_minutes(engine, asked):
    """Whole chapters are left out, and what comes after sees the script that is spoken."""
    made = asked(STANDARD * 3 // 4, "minutes")
    quote = checked(made)
    assert quote.degraded
    assert quote.degraded.lines == (0, 1, 2, 3, 4, 5, 9, 10, 11)
    assert quote.degraded.said.startswith("3.8 instead of 5.0 minutes. ")
    recording = speak(made)
    assert [line.index for line in recording.lines] == list(range(9))
    seen = []

    def verify(work):
        seen.append(work.need(Step.SCRIPTING, Script))
        verdicts = tuple(LineVerdict(index=n, word_accuracy=1.0, words=4, heard="") for n in range(9))
        accuracy = {"passed": True, "word_accuracy": 1.0, "threshold": 0.9, "lines": verdicts}
        return Done(Verdict(**accuracy, round=0, transcriber="t"))

    run_step(Step.VERIFICATION, made, verify)
    assert [chapter.title for chapter in seen[0].chapters] == ["C0", "C1", "C3"]
    assert seen[0].estimated_s == pytest.approx(225.0)


def test_as_much_as_it_takes_and_no_more(asked):
    """In the order that is stated, one on top of the other."""
    quote = checked(asked(STANDARD * 3 // 4, "quality", "minutes", "voice", quality="hd"))
    assert quote.degraded
    assert quote.degraded.given_up == ("quality", "minutes")
    assert quote.degraded.said.startswith("Standard quality instead of HD, 3.8 instead of 5.0 minutes. ")


@pytest.mark.parametrize("allowed", [(), ("quality",), ("minutes",)])
def test_what_may_not_be_given_up_waits_for_the_money(engine, asked, allowed: tuple[str, ...]):
    """No episode gets shorter than 60 % of what was asked, and without a word it is paused."""
    made = asked(STANDARD // 2, *allowed)
    with pytest.raises(Ignore):
        run_step(Step.COST_CHECK, made, cost_check.make)
    waiting = row(engine, made)
    assert (waiting.state, waiting.error_code) == ("parked", "budget_exceeded")
    assert ("with all that may be given up" in waiting.activity) == (allowed == ("minutes",))
    with transaction(engine) as connection:
        purses.set_budget(connection, "account:default", "total", STANDARD)
    wake(engine)
    assert checked(made).degraded is None
