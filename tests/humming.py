"""Engines that hum, and fail as they are told; an episode that they speak, and looks at what became of it."""

import dataclasses
from datetime import date
from typing import Any, ClassVar, Final

import pytest
from celery.exceptions import Ignore
from sqlalchemy import Engine, select, update

from models.brief import CastMember
from models.recording import Recording
from models.steps import Step, StepState
from models.verdict import LineVerdict, Verdict
from podcast_tasks import running, synthesis
from podcast_tasks.journal import EPISODE, STEP_RUN
from podcast_tasks.parts import PART
from podcast_tasks.running import run_step
from podcast_tasks.turns import EVENT
from podmill.errors import PodmillError
from podmill.speech.engine import RawSpeech, SpeechRequest, Voice
from podmill.speech.standing import Credit
from podmill.store.database import reading, transaction
from tests.unit.podmill.speech.tones import LIMITS, Tones

PRICES: Final = "\n".join(
    f'[[price]]\nprovider = "{name}"\nunit = "character"\nusd = "0"\nsource = "test"\ndate = "{date.min}"\n'
    for name in ("alpha", "beta", "gamma")
)
LINES: Final = ("S1: One is the first.", "S2: Two is the second.", "S1: Three is the last.")


class Hum(Tones):
    """Hums, unless it is told to fail: an error for each of its next requests, None for one that goes well."""

    next: ClassVar[list[PodmillError | None]]
    asked: ClassVar[list[SpeechRequest]]

    def voices(self) -> tuple[Voice, ...]:
        return tuple(dataclasses.replace(voice, id=f"{self.name}:{voice.name}", engine=self.name) for voice in _VOICES)

    def speak(self, request: SpeechRequest) -> RawSpeech:
        error = self.next.pop(0) if len(self.next) > 1 else self.next[0]
        if error is not None:
            raise error
        return super().speak(request)


_VOICES = tuple(Voice(f"tones:{name}", name, "tones", ("en",), "MIT", True) for name in ("low", "high"))


class Alpha(Hum):
    name = "alpha"
    capabilities = dataclasses.replace(LIMITS, queue="synthesis.api")


class Lent(Alpha):
    """Alpha, whose account has credit."""

    left: ClassVar[float] = 0.0

    def credit(self) -> Credit:
        return Credit(self.left, until="2026-12-01")


class Beta(Hum):
    name = "beta"
    capabilities = dataclasses.replace(LIMITS, queue="synthesis.api")


class Gamma(Hum):
    name = "gamma"


CAST = tuple(
    CastMember(speaker=speaker, name=speaker, voice=f"alpha:{tone}", voices=(f"beta:{tone}", f"gamma:{tone}"))
    for speaker, tone in (("S1", "low"), ("S2", "high"))
)


HUMS: Final[dict[str, type[Hum]]] = {"alpha": Alpha, "beta": Beta, "gamma": Gamma}


def speak(episode_id: str) -> Recording:
    run_step(Step.SYNTHESIS, episode_id, synthesis.make)
    recording = running.journal().document(episode_id, Step.SYNTHESIS, Recording)
    assert recording
    return recording


def heard(recording: Recording) -> list[str]:
    return [line.voice.partition(":")[0] for line in recording.lines]


def row(engine: Engine, episode_id: str) -> Any:
    with reading(engine) as connection:
        return connection.execute(select(EPISODE).where(EPISODE.c.id == episode_id)).one()


def wake(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(update(STEP_RUN).where(STEP_RUN.c.state == StepState.PARKED).values(not_before=0.0))


def refuse(episode_id: str, *lines: int, person: bool = False) -> None:
    """Verification sends these lines back, or asks a person about them."""
    verdicts = tuple(LineVerdict(index=index, word_accuracy=0.5, words=4, heard="") for index in lines)

    def make(work):
        verdict = Verdict(
            passed=False,
            word_accuracy=0.5,
            threshold=0.9,
            lines=verdicts,
            respeak=lines,
            round=work.claim.round,
            transcriber="t",
        )
        if person:
            return running.Review(verdict, "It was not understood.")
        return running.SendBack(verdict, Step.SYNTHESIS)

    with pytest.raises(Ignore):
        run_step(Step.VERIFICATION, episode_id, make)


def age(engine: Engine, seconds: float) -> None:
    """Everything that was written down happened earlier."""
    with transaction(engine) as connection:
        connection.execute(update(EVENT).values(at=EVENT.c.at - seconds))
        connection.execute(update(PART).values(finished_at=PART.c.finished_at - seconds))
