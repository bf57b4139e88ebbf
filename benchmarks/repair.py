"""How many episodes need no person: lines damaged at random, found, spoken again, heard again.

    python -m benchmarks.repair                     50 episodes of sixteen lines: some eleven CPU minutes
    python -m benchmarks.repair --episodes 10       a look

The bundled Piper voice, as it is and raised in pitch, speaks as it does for everybody, and each line is damaged with a
chance of 10 % the first time and 5 % every further time, in one of the ways of ``tests/golden/hearing.py``. Synthesis,
verification with all its gates, and the ledger are the real ones, with the settings that a new installation has.
Prints one JSON object. Exits with 1 when less than 98 % of the episodes pass without a person, or when one costs more
than its quote holds.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import Any, ClassVar, Final

import soundfile
from celery.exceptions import Ignore
from sqlalchemy import Engine, func, select

from benchmarks import servers
from models.brief import Brief, CastMember
from models.heard import ScoreRow
from models.quote import Quote
from models.recording import Recording
from models.script import Script
from models.steps import Step
from models.tables import Charge, Episode, Show, StepRun, table
from models.verdict import Verdict
from podmill.settings import Settings
from podmill.speech import files
from podmill.speech.engine import ENGINES, EngineCapabilities, RawSpeech, SpeechRequest, Voice
from podmill.speech.level import loudness_lufs
from podmill.speech.piper import Piper
from tests.golden import hearing
from tests.unit.podmill.speech.tones import script
from tests.writing import tides

EPISODE, STEP_RUN, CHARGE, SCORE = table(Episode), table(StepRun), table(Charge), table(ScoreRow)
STOPPED: Final = ("review", "failed", "parked")
EPISODES: Final = 50
SHARE_MIN: Final = 0.98
CHANCES: Final = (0.10, 0.05)
"""Of a line to be damaged: the first time, and every further time."""
VOICES: Final = {"S1": "piper:joe", "S2": "piper:joe@1.19"}
"""Those of the demo."""
PRICE: Final = (
    '[[price]]\nprovider = "damaged"\nunit = "character"\nusd = "0.00003"\nsource = "test"\ndate = 2026-11-21\n'
)


class Damaged:
    """Speaks well, mostly. The name of a voice tells speaker and episode, so that no two episodes share a take."""

    name = "damaged"
    capabilities: EngineCapabilities = Piper.capabilities
    damaged: ClassVar[Counter[str]] = Counter()

    def __init__(self, settings: Settings) -> None:
        self._piper = Piper(settings)

    def voices(self) -> tuple[Voice, ...]:
        return ()

    def voice(self, name: str) -> Voice:
        return Voice(f"{self.name}:{name}", name, self.name, ("en",), "test", True)

    def fingerprint(self, voice: Voice, variant: int) -> Mapping[str, object]:
        return {"voice": voice.id, "variant": variant}

    def speak(self, request: SpeechRequest) -> RawSpeech:
        (line,) = request.lines
        speaker = line.voice.partition(":")[2].partition("-")[0]
        said = line.model_copy(update={"voice": VOICES[speaker]})
        raw = self._piper.speak(request.model_copy(update={"lines": (said,)}))
        digest = hashlib.sha256(f"{line.voice}|{line.index}|{request.variant}".encode()).digest()
        chance, kind, seed = (int.from_bytes(digest[at : at + 4], "big") for at in (0, 4, 8))
        if chance / 2**32 >= CHANCES[min(request.variant, 1)]:
            return raw
        name = _damage(kind, line.text)
        sound = hearing.levelled(hearing.trimmed(raw.samples))
        # Noise at -80 dBFS is refused before anybody listens.
        sound = hearing.DAMAGES[name](hearing.Spoken(line.text, speaker, sound), seed // 2 * 2)
        self.damaged[name] += 1
        rate = hearing.RATE_HZ
        return RawSpeech(sound, rate, files.wav(sound, rate), ".wav", "audio/wav")

    def preload(self) -> None:
        self._piper.preload()


def _damage(number: int, text: str) -> str:
    words = len(text.split())
    fit = [name for name in hearing.DAMAGES if words >= hearing.WORDS_MIN.get(name, 1)]
    return fit[number % len(fit)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repair")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    given = parser.parse_args()
    ENGINES["damaged"] = f"{Damaged.__module__}:{Damaged.__name__}"
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podmill-bench-")))
        (home / "prices.toml").write_text(PRICE)
        os.environ["PODMILL_HOME"] = str(home)
        os.environ["PODMILL_PRICES_FILE"] = str(home / "prices.toml")
        os.environ["PODMILL_LOG_LEVEL"] = "ERROR"
        os.environ["PODMILL_BROKER_URL"] = stack.enter_context(servers.broker(home / "broker"))
        figures = measure(given.episodes)
    print(json.dumps(figures, indent=2))
    sys.exit(figures["pass_untouched"] < SHARE_MIN or figures["above_quote"] > 0)


def texts(number: int) -> tuple[str, ...]:
    """Lines of an episode: a whole script, which begins elsewhere the next time it comes round."""
    names = tuple(hearing.SCRIPTS)
    lines = hearing.SCRIPTS[names[number % len(names)]]
    first = number // len(names) * 3 % len(lines)
    return (*lines[first:], *lines[:first])


@dataclass
class _Heard:
    """How lines sound beside their neighbours."""

    level_lu: list[float] = field(default_factory=list)
    """How much louder than the mean of them."""
    pace: list[float] = field(default_factory=list)
    """Letters a second, as a share of theirs."""

    def as_json(self) -> dict[str, Any]:
        if not self.pace:
            return {"lines": 0}
        apart_lu, paces = sorted(map(abs, self.level_lu)), sorted(self.pace)
        return {
            "lines": len(paces),
            "level_apart_lu": {"median": round(median(apart_lu), 2), "worst": round(apart_lu[-1], 2)},
            "pace_ratio": {
                "median": round(median(paces), 2),
                "slowest": round(paces[0], 2),
                "fastest": round(paces[-1], 2),
            },
        }

    def add(self, words: Script, recording: Recording, path: Path, wanted: Collection[int]) -> None:
        letters = {line.index: sum(map(str.isalnum, line.spoken)) for line in words.lines}
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate

            @cache
            def level(place: int) -> float:
                time = recording.lines[place]
                file.seek(round(time.start_s * rate))
                return loudness_lufs(file.read(round((time.end_s - time.start_s) * rate), dtype="float32"))

            def pace(place: int) -> float:
                time = recording.lines[place]
                return letters[time.index] / (time.end_s - time.start_s)

            for place, time in enumerate(recording.lines):
                beside = [each for each in (place - 1, place + 1) if 0 <= each < len(recording.lines)]
                if time.index in wanted:
                    self.level_lu.append(level(place) - mean(map(level, beside)))
                    self.pace.append(pace(place) / mean(map(pace, beside)))


def measure(count: int) -> dict[str, Any]:
    from podcast_tasks import running
    from podmill.settings import current
    from podmill.store.database import open_engine, reading
    from podmill.store.local import LocalStore

    began_s, began_cpu_s = time.monotonic(), time.process_time()
    engine, store = open_engine(current()), LocalStore(current().store_dir)
    _show(engine)
    rounds: Counter[int] = Counter()
    reasons: dict[str, str] = {}
    above_quote = at_once = lines = 0
    audio_s = again_s = 0.0
    scores: dict[str, list[float]] = {name: [] for name in ("word_accuracy", "clarity", "voice_lines")}
    new, untouched = _Heard(), _Heard()
    for number in range(count):
        made = _made(engine, number)
        again_s += sum(_carried_out(engine, made))
        book = running.journal()
        quote = book.document(made, Step.COST_CHECK, Quote)
        recording = book.document(made, Step.SYNTHESIS, Recording)
        words = book.document(made, Step.SCRIPTING, Script)
        assert quote
        assert recording
        assert words
        with reading(engine) as connection:
            row = connection.execute(select(EPISODE).where(EPISODE.c.id == made)).one()
            amounts = select(func.sum(CHARGE.c.amount_microusd)).where(CHARGE.c.episode_id == made)
            spent_microusd = connection.scalar(amounts) or 0
            heard = select(STEP_RUN.c.round).where(STEP_RUN.c.episode_id == made, STEP_RUN.c.step == Step.VERIFICATION)
            last = connection.scalar(heard) or 0
            measured = connection.execute(select(SCORE.c.name, SCORE.c.value).where(SCORE.c.episode_id == made))
            for name, value in measured:
                if name in scores and value is not None:
                    scores[name].append(value)
        rounds[last] += 1
        lines += len(words.lines)
        audio_s += recording.duration_s
        again = {index for index, tries in recording.variants.items() if tries}
        for found, wanted in ((new, again), (untouched, {line.index for line in words.lines} - again)):
            found.add(words, recording, store.path(recording.sound), wanted)
        above_quote += spent_microusd > quote.cost_microusd + quote.repair_microusd
        if row.state in STOPPED:
            reasons[f"{number + 1} ({tuple(hearing.SCRIPTS)[number % len(hearing.SCRIPTS)]})"] = row.error
        elif last == 0:
            at_once += 1
        print(f"{number + 1} of {count}: {row.state}, {len(reasons)} stopped", file=sys.stderr)
    return {
        "episodes": count,
        "lines": lines,
        "lines_damaged": dict(Damaged.damaged),
        "pass_at_once": round(at_once / count, 3),
        "hearings": {str(number + 1): rounds[number] for number in sorted(rounds)},
        "pass_untouched": round(1 - len(reasons) / count, 3),
        "above_quote": above_quote,
        "audio_s": round(audio_s, 1),
        "spoken_again_s": round(again_s, 1),
        "scores": {
            name: {"median": round(median(found), 3), "lowest": round(min(found), 3)} for name, found in scores.items()
        },
        "beside_neighbours": {"spoken_again": new.as_json(), "untouched": untouched.as_json()},
        "reasons": reasons,
        "took_s": round(time.monotonic() - began_s, 1),
        "cpu_s": round(time.process_time() - began_cpu_s, 1),
    }


def _show(engine: Engine) -> None:
    from podmill.money.ledger import Ledger
    from podmill.store.database import transaction

    Ledger(engine).open_account("default")
    show = Show(slug="tides", title="Tides", guid="00000000-0000-5000-8000-000000000000", created_at=0.0)
    with transaction(engine) as connection:
        connection.execute(table(Show).insert().values(show.model_dump()))


def _made(engine: Engine, number: int) -> str:
    """An episode that is written and whose money is held."""
    from pipelines import episode as episodes
    from podcast_tasks import cost_check, running
    from podmill.store.database import transaction

    tags = tuple(hearing.PITCHES)
    cast = tuple(CastMember(speaker=tag, name=tag, voice=f"damaged:{tag}-{number}") for tag in tags)
    brief = Brief(show="tides", topic="tides", cast=cast)
    words = script(*(f"{tags[place % 2]}: {text}" for place, text in enumerate(texts(number))))
    with transaction(engine) as connection:
        made, _ = episodes.make(connection, key=f"k{number}", brief=brief, title="Tides", account="default")
    running.run_step(Step.RESEARCH, made, lambda _: running.Done(tides()))
    running.run_step(Step.SCRIPTING, made, lambda _: running.Done(words))
    running.run_step(Step.COST_CHECK, made, cost_check.make)
    return made


def _carried_out(engine: Engine, made: str) -> Iterator[float]:
    """Speak and hear an episode until it goes on or stops; the seconds that were spoken again, by round."""
    from podcast_tasks import running, synthesis, verification
    from podmill.store.database import reading

    makers = {Step.SYNTHESIS: synthesis.make, Step.VERIFICATION: verification.make}
    while True:
        with reading(engine) as connection:
            row = connection.execute(select(EPISODE.c.state, EPISODE.c.step).where(EPISODE.c.id == made)).one()
        if row.step not in makers or row.state in STOPPED:
            return
        with suppress(Ignore):
            running.run_step(Step(row.step), made, makers[Step(row.step)])
        verdict = running.journal().document(made, Step.VERIFICATION, Verdict)
        recording = running.journal().document(made, Step.SYNTHESIS, Recording)
        if row.step == Step.SYNTHESIS and verdict and recording:
            yield sum(line.end_s - line.start_s for line in recording.lines if line.index in verdict.respeak)


if __name__ == "__main__":
    main()
