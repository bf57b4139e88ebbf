"""Episodes that a person hears: engines that hum, the real steps, the real database, a published folder."""

import dataclasses
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from lxml import etree
from sqlalchemy import delete, select, update

from models.recording import Recording
from models.score import Score
from models.script import Script
from models.steps import ChargeState, EpisodeState, Step
from models.tables import Charge, PublicationRow, Show, table
from models.verdict import LineVerdict, Verdict
from pipelines import episode as episodes
from pipelines import reviewing
from podcast_tasks import entries, loudness, publishing, running, synthesis
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.running import Done, Review, run_step
from podcast_tasks.turns import EVENT
from podmill import mastering
from podmill.errors import InputError, PolicyError
from podmill.money.charge import CHARGE
from podmill.publishing import files
from podmill.review import queue
from podmill.review.hearing import hearing, scores
from podmill.review.queue import REVIEW
from podmill.settings import Settings, current, load
from podmill.store.database import reading, transaction
from podmill.store.takes import TAKE, forget_unused
from podmill.store.voices import DatabaseVoices
from tests.humming import row, speak
from tests.unit.podmill.money.provider import account, check_sums

CUE = "Two is the other one, 5 of 7."


@pytest.fixture
def settings(podmill_home: Path) -> Settings:
    """SQLite: that both databases do the same with the queue is shown in ``tests/unit/podmill/review``."""
    return load({"PODMILL_HOME": str(podmill_home)})[0]


@pytest.fixture(autouse=True)
def _nobody_is_drawn(monkeypatch) -> None:
    """Unless a test says otherwise: ids of episodes are chance."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "0")


def judge(episode_id, *bad: int) -> None:
    """Verification refuses these lines; of none it finds nothing."""

    def make(work):
        lines = tuple(
            LineVerdict(index=i, word_accuracy=0.4 if i in bad else 1.0, words=4, heard="hm") for i in range(3)
        )
        verdict = Verdict(
            passed=not bad,
            word_accuracy=0.6 if bad else 1.0,
            threshold=0.9,
            lines=lines,
            respeak=bad,
            round=work.claim.round,
            transcriber="t",
        )
        return Review(verdict, "It was not understood.") if bad else Done(verdict)

    if bad:
        with pytest.raises(Ignore):
            run_step(Step.VERIFICATION, episode_id, make)
    else:
        run_step(Step.VERIFICATION, episode_id, make)


def finish(episode_id) -> None:
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    run_step(Step.PUBLISHING, episode_id, publishing.make)


@pytest.fixture
def refused(made) -> str:
    """An episode that waits in review, for its second line."""
    episode_id = made()
    speak(episode_id)
    judge(episode_id, 1)
    return str(episode_id)


@pytest.fixture
def published(made, monkeypatch) -> str:
    """An episode that was drawn for the sample, and published."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    finish(episode_id)
    return str(episode_id)


def item(engine, episode_id):
    with reading(engine) as connection:
        return queue.find(connection, episode_id)


def told(engine, episode_id, kind):
    with reading(engine) as connection:
        of_kind = select(EVENT.c.data).where(EVENT.c.episode_id == episode_id, EVENT.c.kind == kind)
        return connection.scalars(of_kind).one()


def feed() -> list[tuple[str, str]]:
    root = etree.parse(current().public / "tides" / "feed.xml")
    return [(found.findtext("guid"), found.findtext("pubDate")) for found in root.findall("channel/item")]


def transcript() -> list[str]:
    (path,) = current().public.glob("tides/episodes/*/transcript.json")
    return [segment["body"] for segment in json.loads(path.read_text())["segments"]]


def test_what_failed_goes_on_when_a_person_approves(engine, refused):
    """It waits with its lines; approved, it is mastered and published, and nobody is asked about it once more."""
    asked = item(engine, refused)
    assert (asked.kind, asked.lines, asked.episode_state) == ("failed", (2,), "review")
    assert "not understood" in asked.reason

    decided = reviewing.approve(refused[:8], current(), by="ada", note="An accent.")
    finish(refused)

    assert (decided.state, decided.decided_by, decided.note) == ("approved", "ada", "An accent.")
    assert row(engine, refused).state == EpisodeState.PUBLISHED
    assert queue.entries(engine) == []
    assert told(engine, refused, "approved") == {"by": "ada", "note": "An accent.", "item": asked.id}


def test_lines_are_spoken_again(engine, hums, refused):
    """Only those, in a way of their own; the round goes on from where it was, and the next verdict counts."""
    hums["alpha"].asked.clear()
    asked = reviewing.respeak(refused, current(), by="ada", lines=[3])
    recording = speak(refused)

    assert [request.lines[0].index for request in hums["alpha"].asked] == [2]
    assert recording.variants == {2: 1}
    judge(refused)
    finish(refused)
    assert row(engine, refused).state == EpisodeState.PUBLISHED
    assert told(engine, refused, "respoken")["lines"] == [3]
    with reading(engine) as connection:
        assert queue.find(connection, str(asked.id)).state == "respoken"


def test_a_line_is_edited(engine, hums, refused):
    """It alone is spoken, in words; the published transcript says what it says now."""
    hums["alpha"].asked.clear()
    reviewing.edit(refused, current(), by="ada", texts={2: f"  {CUE} "})
    speak(refused)
    judge(refused)
    finish(refused)

    (request,) = hums["alpha"].asked
    assert (request.lines[0].index, request.text) == (1, "Two is the other one, five of seven.")
    assert transcript()[1].endswith(CUE)
    assert told(engine, refused, "edited")["edits"] == [{"line": 2, "before": "Two is the second.", "after": CUE}]
    script = running.journal().document(refused, Step.SCRIPTING, Script)
    assert script
    assert script.lines[1].text == CUE


def test_an_edited_line_is_held_against_the_brand_again(engine, hums, refused):
    """What was said before the edit is not what is measured."""
    with transaction(engine) as connection:
        connection.execute(update(table(Show)).values(brand={"avoid": ["five"]}))

    reviewing.edit(refused, current(), by="ada", texts={2: "Two is five."})
    assert brand(engine, refused).passed is False
    speak(refused)
    judge(refused, 1)
    reviewing.edit(refused, current(), by="ada", texts={2: "Two is six."})

    assert brand(engine, refused).passed is True


def brand(engine, episode_id):
    with reading(engine) as connection:
        (found,) = [score for score in scores(connection, episode_id) if score.name == "brand"]
    return found


def test_what_is_rejected_fails(engine, refused):
    """With the reason; its step is over and its money released; the reason is asked for."""
    with pytest.raises(InputError, match="why"):
        reviewing.reject(refused, current(), by="ada", note=" ")
    reviewing.reject(refused, current(), by="ada", note="Nonsense.")

    found = row(engine, refused)
    assert (found.state, found.error, found.error_code) == ("failed", "Rejected by ada: Nonsense.", "rejected")
    assert account(engine).reserved_microusd == 0
    check_sums(engine)


def test_a_sample_is_published_and_heard_afterwards(engine, published):
    """It is in the queue and in the feed; approved, it is only closed."""
    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).lines == ()
    assert item(engine, published).reason.endswith("Drawn for the sample.")

    reviewing.approve(published, current(), by="ada")

    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert [guid for guid, _ in feed()] == [published]


def test_what_is_published_is_replaced(engine, published):
    """Spoken again, it keeps guid, date and folder, and is drawn anew: it is not the recording that was heard."""
    before = feed()
    reviewing.respeak(published, current(), by="ada", lines=[1])
    assert row(engine, published).step == Step.SYNTHESIS
    speak(published)
    judge(published)
    finish(published)

    assert feed() == before
    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).state == "open"


def test_what_is_published_is_taken_down(engine, published):
    """Feed, page and files are gone, and the history says so."""
    reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert [path for path in (current().public / "tides").rglob("*") if path.suffix in (".mp3", ".xml", ".html")] == []
    found = row(engine, published)
    assert (found.state, found.error) == ("failed", "Rejected by ada: Nonsense. It was taken down.")
    assert told(engine, published, "rejected")["taken_down"] is True


@pytest.mark.parametrize("recorded", [True, False])
def test_what_is_public_is_taken_down_from_review(engine, published, recorded):
    """Published once, spoken again and refused, it is public still; so is one whose worker died before its record."""
    reviewing.respeak(published, current(), by="ada", lines=[1])
    speak(published)
    judge(published, 0)
    if not recorded:
        with transaction(engine) as connection:
            connection.execute(delete(table(PublicationRow)))
    assert row(engine, published).state == EpisodeState.REVIEW
    with reading(engine) as connection:
        assert hearing(connection, queue.find(connection, published)).public
    reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert not (current().public / "tides" / "feed.xml").exists()
    assert row(engine, published).error.endswith("It was taken down.")
    with pytest.raises(InputError, match="rejected by ada already"):
        reviewing.reject(published, current(), by="bob", note="No.")


def test_what_is_being_published_is_not_rejected(engine, made, monkeypatch):
    """Its worker would go on writing files that nobody takes down."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    refusals = []

    def publish(release, context):
        with pytest.raises(InputError, match="in publishing at the moment") as refused:
            reviewing.reject(episode_id, current(), by="ada", note="Nonsense.")
        refusals.append(refused.value)
        return whole(release, context)

    whole = publishing.publish
    monkeypatch.setattr(publishing, "publish", publish)
    with pytest.raises(InputError, match="in publishing at the moment"):
        reviewing.reject(episode_id, current(), by="ada", note="Nonsense.")
    run_step(Step.PUBLISHING, episode_id, publishing.make)

    assert len(refusals) == 1
    assert row(engine, episode_id).state == EpisodeState.PUBLISHED
    assert item(engine, episode_id).state == "open"


def test_what_is_published_while_a_person_decides_is_not_rejected(engine, published, monkeypatch):
    """When it was asked whether it is public it was not: nothing holds its show, and it is not taken down."""
    answers = iter([False, True])
    monkeypatch.setattr(reviewing, "is_public", lambda *_: next(answers))
    with pytest.raises(InputError, match="published just now"):
        reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert [guid for guid, _ in feed()] == [published]


def test_others_write_while_a_show_is_waited_for(engine, published):
    """Somebody publishes to it for long: the decision waits, and with it nobody else."""
    with ThreadPoolExecutor(1) as person:
        with files.locked(current().public / "tides"):
            decided = person.submit(reviewing.reject, published, current(), by="ada", note="Nonsense.")
            with pytest.raises(TimeoutError):
                decided.result(0.5)
            begun = time.monotonic()
            with transaction(engine) as connection:
                queue.put(connection, published, "sample", "Once more.")
            assert time.monotonic() - begun < 1
        assert decided.result(30).state == "rejected"
    assert not (current().public / "tides" / "feed.xml").exists()


def test_voices_of_a_rejected_episode_are_no_reference(engine, refused):
    """Others were held against how it was heard; that of other episodes stays."""
    voices = DatabaseVoices(engine, refused)
    voices.keep("piper:joe", "m1", [1.0])
    reviewing.reject(refused, current(), by="ada", note="A cold.")

    assert DatabaseVoices(engine, "another").first("piper:joe", "m1") is None


def test_lines_are_edited_together(engine, hums, refused):
    """One decision, one round, each line with what it says now; of a line that cannot be one, nothing is kept."""
    with pytest.raises(InputError, match="nothing in it"):
        reviewing.edit(refused, current(), by="ada", texts={1: "One is new.", 2: "-"})
    with pytest.raises(InputError, match="No line is edited"):
        reviewing.edit(refused, current(), by="ada", texts={})
    hums["alpha"].asked.clear()
    reviewing.edit(refused, current(), by="ada", texts={3: "Three is new.", 1: "One is new."})
    speak(refused)
    judge(refused)
    finish(refused)

    assert [request.text for request in hums["alpha"].asked] == ["One is new.", "Three is new."]
    assert [each["line"] for each in told(engine, refused, "edited")["edits"]] == [1, 3]


@pytest.mark.parametrize("state", [ChargeState.IN_DOUBT, ChargeState.INTENT])
def test_nothing_is_edited_beside_a_request_in_doubt(engine, refused, state):
    """It may have been paid, and is found again by the words that it asked for; decided on, it stands in no way."""
    whose = {"episode_id": refused, "step": Step.SYNTHESIS, "account": "default", "created_at": 0}
    what = {"key": "k", "provider": "alpha", "unit": "character", "quantity": 9, "amount_microusd": 0, "state": state}
    with transaction(engine) as connection:
        connection.execute(CHARGE.insert().values(Charge(**whose, **what).model_dump()))
    with pytest.raises(InputError, match=f"podmill charges --episode {refused[:8]}"):
        reviewing.edit(refused, current(), by="ada", texts={2: CUE})
    assert item(engine, refused).state == "open"
    with transaction(engine) as connection:
        connection.execute(update(CHARGE).values(state=ChargeState.REFUSED))
    reviewing.edit(refused, current(), by="ada", texts={2: CUE})

    assert row(engine, refused).step == Step.SYNTHESIS


def test_takes_of_what_is_asked_about_are_kept(engine, published):
    """However old: a line of a published episode may be spoken again, and the others are not bought again for that."""
    with transaction(engine) as connection:
        connection.execute(update(TAKE).values(used_at=0.0))
    assert forget_unused(engine, 1) == 0
    reviewing.approve(published, current(), by="ada")
    assert forget_unused(engine, 1) == 3


def test_what_cannot_be_taken_down_is_not_rejected(engine, published):
    """The folder is somewhere else: the decision is refused as a whole."""
    (current().public / "tides").rename(current().public / "moved")
    with pytest.raises(Exception, match="cannot be taken down"):
        reviewing.reject(published, current(), by="ada", note="Nonsense.")

    assert row(engine, published).state == EpisodeState.PUBLISHED
    assert item(engine, published).state == "open"


def test_a_length_that_was_approved_is_not_asked_about_again(engine, refused):
    """Verification asks about it, and mastering finds what it found: one decision is enough."""
    with transaction(engine) as connection:
        connection.execute(update(table(Show)).values(gates={"duration": {"limit": 0.01, "action": "review"}}))
    reviewing.approve(refused, current(), by="ada")
    finish(refused)

    assert row(engine, refused).state == EpisodeState.PUBLISHED


@pytest.mark.parametrize(
    ("action", "state"), [(None, "review"), ("note", "running"), ("fail", "failed")], ids=["ours", "note", "fail"]
)
def test_the_show_decides_about_a_file_that_is_not_as_loud_as_asked(engine, made, monkeypatch, action, state):
    """What mastering could not reach is a measure like any other; approved, the file is published as it is."""
    master = mastering.master
    monkeypatch.setattr(
        mastering, "master", lambda *given, **more: master(*given, **more).model_copy(update={"loudness_lufs": -15.5})
    )
    with transaction(engine) as connection:
        connection.execute(update(table(Show)).values(gates=action and {"loudness": {"action": action}}))
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    with nullcontext() if state == "running" else pytest.raises(Ignore):
        run_step(Step.LOUDNESS, episode_id, loudness.make)
    found = row(engine, episode_id)

    assert found.state == state
    assert state == "running" or "-15.50 LUFS, -16 was asked for." in found.error
    if state == "review":
        reviewing.approve(episode_id, current(), by="ada")
        run_step(Step.PUBLISHING, episode_id, publishing.make)
        assert row(engine, episode_id).state == EpisodeState.PUBLISHED


@pytest.mark.parametrize(("action", "kinds"), [("note", []), ("review", ["doubtful"])])
def test_doubt_is_of_gates_that_ask_for_something(engine, made, action, kinds):
    """A length that is off raises none where the show only wants to be told; lines a score names are to be heard."""
    with transaction(engine) as connection:
        gates = {"duration": {"limit": 0.01}, "clarity": {"action": action}}
        connection.execute(update(table(Show)).values(gates=gates))
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    with transaction(engine) as connection:
        unclear = Score(name="clarity", value=0.85, limit=0.8, passed=True, said="Least clear.", lines=(1,))
        entries.keep_scores(connection, episode_id, [unclear])
    finish(episode_id)

    found = queue.entries(engine)
    assert [(each.kind, each.lines) for each in found] == [(kind, (2,)) for kind in kinds]


@pytest.mark.parametrize("holds", ["sample", "all"])
def test_a_sample_may_have_to_be_heard_first(engine, made, monkeypatch, holds):
    """It is mastered, and waits; approved, it is published, and not asked about again."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    monkeypatch.setenv("PODMILL_REVIEW_HOLDS", holds)
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    with pytest.raises(Ignore):
        run_step(Step.PUBLISHING, episode_id, publishing.make)
    found = row(engine, episode_id)
    assert (found.state, found.step, found.error_code) == ("review", "publishing", "unheard")

    reviewing.approve(episode_id, current(), by="ada")
    run_step(Step.PUBLISHING, episode_id, publishing.make)

    assert row(engine, episode_id).state == EpisodeState.PUBLISHED
    assert queue.entries(engine) == []


def test_of_two_who_decide_one_does(engine, refused):
    """The second is told who was first, and nothing of theirs happens."""
    reviewing.approve(refused, current(), by="ada")
    with pytest.raises(InputError, match="approved by ada already"):
        reviewing.reject(refused, current(), by="bob", note="No.")

    assert row(engine, refused).state == EpisodeState.QUEUED
    assert row(engine, refused).step == Step.LOUDNESS


def test_a_refused_passage_is_edited(engine, hums, made):
    """What a provider refuses cannot be approved; with other words the same step goes on, and nobody else is asked."""
    hums["alpha"].next = [None, PolicyError("Line 2 is refused.")]
    episode_id = made()
    with pytest.raises(Ignore):
        run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    asked = item(engine, episode_id)
    assert (asked.kind, asked.lines) == ("failed", (2,))
    for refuse in (reviewing.approve, reviewing.respeak):
        with pytest.raises(InputError, match="stopped in synthesis"):
            refuse(episode_id, current(), by="ada")

    hums["alpha"].next = [None]
    reviewing.edit(episode_id, current(), by="ada", texts={2: CUE})
    hums["alpha"].asked.clear()
    recording = speak(episode_id)
    assert [request.lines[0].index for request in hums["alpha"].asked] == [1, 2]
    assert recording.variants == {}


def test_what_was_spoken_before_a_refused_passage_is_not_bought_again(engine, hums, made, monkeypatch):
    """However long the new words are: they are in two requests now, but the first one stays as it was."""
    kind = hums["alpha"]
    limits = dataclasses.replace(kind.capabilities, max_speakers=2, timestamps=True, max_characters=45)
    monkeypatch.setattr(kind, "capabilities", limits)
    kind.next = [None, PolicyError("Line 3 is refused.")]
    episode_id = made()
    with pytest.raises(Ignore):
        run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    (bought,) = kind.asked
    kind.next = [None]
    longer = "Three is the last, and it is longer."
    reviewing.edit(episode_id, current(), by="ada", texts={3: longer})
    speak(episode_id)
    assert [[line.index for line in request.lines] for request in kind.asked] == [[0], [1], [2]]
    assert (kind.asked[0], kind.asked[2].text) == (bought, longer)


@pytest.mark.parametrize(
    ("line", "text", "problem"),
    [(0, "A", "no line 0"), (4, "A", "no line 4"), (1, " - ", "nothing in it"), (1, "a " * 46, "at most 45 words")],
)
def test_what_cannot_be_a_line(engine, refused, line, text, problem):
    """Nothing is changed, and nothing decided."""
    with pytest.raises(InputError, match=problem):
        reviewing.edit(refused, current(), by="ada", texts={line: text})

    assert item(engine, refused).state == "open"
    assert row(engine, refused).state == EpisodeState.REVIEW


def test_other_ways_out_of_review_close_the_item(engine, refused):
    """Retried, it is spoken again; cancelled, it is over. Neither is anybody's decision."""
    episodes.retry([refused], current())
    with reading(engine) as connection:
        closed = connection.execute(select(REVIEW)).one()
        runs = connection.execute(select(STEP_RUN.c.round).where(STEP_RUN.c.step == Step.SYNTHESIS)).scalar()
    assert (closed.state, closed.decided_by, runs) == ("closed", None, 1)
    speak(refused)
    judge(refused, 1)
    episodes.cancel([refused], current())
    assert queue.entries(engine) == []


def test_what_moves_is_left_alone(engine, made, monkeypatch):
    """Between mastering and publishing a worker may have it in hand: it may be approved, and nothing else."""
    monkeypatch.setenv("PODMILL_REVIEW_SHARE", "1")
    episode_id = made()
    speak(episode_id)
    judge(episode_id)
    run_step(Step.LOUDNESS, episode_id, loudness.make)
    for decide, what in (
        (reviewing.respeak, {"lines": [1]}),
        (reviewing.edit, {"texts": {1: CUE}}),
        (reviewing.reject, {"note": "No."}),
    ):
        with pytest.raises(InputError, match="in publishing at the moment"):
            decide(episode_id, current(), by="ada", **what)
    reviewing.approve(episode_id, current(), by="ada")
    run_step(Step.PUBLISHING, episode_id, publishing.make)

    assert row(engine, episode_id).state == EpisodeState.PUBLISHED
    with reading(engine) as connection:
        assert connection.scalar(select(EPISODE.c.error).where(EPISODE.c.id == episode_id)) is None
    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    assert recording.variants == {}


def test_neighbours_of_an_edited_line_are_not_bought_again(engine, hums, made, monkeypatch):
    """Where one request speaks them all, the line is asked for by itself: first once, then edited once more."""
    kind = hums["alpha"]
    monkeypatch.setattr(kind, "capabilities", dataclasses.replace(kind.capabilities, max_speakers=2, timestamps=True))
    episode_id = made()
    speak(episode_id)
    assert [len(request.lines) for request in kind.asked] == [3]
    for text in (CUE, "Two is out."):
        judge(episode_id, 1)
        kind.asked.clear()
        reviewing.edit(episode_id, current(), by="ada", texts={2: text})
        recording = speak(episode_id)
        ((line,),) = [request.lines for request in kind.asked]
        assert line.index == 1
        assert len({time.take for time in recording.lines}) == 2
    assert line.text == "Two is out."
