"""Verification: an episode is not done until it has been heard.

The recording is cut in its pauses, each passage is transcribed, and what was heard is laid against what was to be said,
line by line; beside the words count the sound of a line and its time. Nothing of the script is shown to a transcriber.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from models.recording import Recording
from models.script import Script
from models.verdict import LineVerdict, Verdict
from podmill.context import StepContext
from podmill.errors import TranscriberError
from podmill.registry import load
from podmill.settings import Settings
from podmill.verification import pace, weights
from podmill.verification.faults import swapped
from podmill.verification.hearings import Hearings
from podmill.verification.judging import Evidence, line_verdict, worst_first
from podmill.verification.kept import kept
from podmill.verification.listening import hear, spoken_language
from podmill.verification.metrics import total_accuracy
from podmill.verification.names import proper, respellings
from podmill.verification.normalize import primary, words
from podmill.verification.passages import Passage, alone, later, together
from podmill.verification.signals import measure
from podmill.verification.transcriber import Transcriber

TRANSCRIBERS: Final = {
    "faster-whisper": "podmill.verification.faster_whisper:FasterWhisper",
    "openai-whisper": "podmill.verification.openai_whisper:OpenAIWhisper",
}
UNLIKE_MAX: Final = 0.5
"""Word accuracy of a line below which it is asked which language it is in."""

EXTRAS: Final = {"openai-whisper": "openai-whisper"}


@lru_cache(maxsize=2)
def preload(settings: Settings) -> Transcriber:
    """The transcriber the settings name, loaded once in a process. Call it after a fork, not before.

    Raises:
        ConfigurationError: its name is unknown, or its package or number type is not there.
        TranscriberError: its weights cannot be loaded.
    """
    transcriber: Transcriber = load(TRANSCRIBERS, settings.transcriber, kind="transcriber", extras=EXTRAS)(settings)
    return transcriber


def second(settings: Settings) -> Transcriber | None:
    """The larger transcriber that is asked about doubtful lines; None when there is none.

    Raises:
        ConfigurationError, TranscriberError: as of ``preload``.
    """
    model = second_model(settings)
    return preload(settings.model_copy(update={"transcriber_model": model})) if model else None


def second_model(settings: Settings) -> str | None:
    """Name or folder of the larger model; None when there is none."""
    if settings.transcriber_second_model == weights.AUTO:
        return weights.larger(settings.transcriber_model)
    return settings.transcriber_second_model or None


def verify(
    script: Script,
    recording: Recording,
    context: StepContext,
    *,
    round: int = 0,  # noqa: A002
    threshold: float | None = None,
    strayed: Collection[int] = (),
    before: Verdict | None = None,
) -> Verdict:
    """What a listener hears of the recording, against the script's spoken form.

    The recording passes when the word accuracy of the whole reaches the threshold and no line fails.
    A line fails when words are missing, added, wrong or repeated beyond what transcribers mishear, when it is silent,
    cut off, clipped, noisy, far from its voice's pace, followed by dead air, in another language or in another line's
    place; also when every hearing of it has another number, or a "not" more or less. Before that a
    line whose words are in doubt is heard once more by itself, and then by a larger model where there is one; the best
    hearing counts. A line that the recording has no time for was not heard.

    Args:
        round: 0 for the first hearing, 1 and up after lines were spoken again.
        threshold: instead of that of the settings.
        strayed: lines that are said in another voice than their speaker's.
        before: that of the round before: only lines that sound otherwise now are heard.

    Raises:
        TranscriberError: the model does not know the language, or the audio cannot be transcribed.
        ConfigurationError: as of ``preload``.
    """
    settings = context.settings
    language = primary(script.language)
    threshold = settings.word_accuracy_min if threshold is None else threshold
    transcriber = preload(settings)
    if language not in transcriber.capabilities.languages:
        raise TranscriberError(
            f"The transcriber {transcriber.model} does not understand {script.language!r}.",
            action="Set PODMILL_TRANSCRIBER_MODEL to a multilingual model, such as base.",
        )
    audio = context.store.path(recording.sound)
    spoken = {line.index: line.spoken for line in script.lines}
    names = (*respellings(script.pronunciations, language), *proper(spoken.values(), language))
    known = kept(before, recording, transcriber=transcriber.model, strayed=strayed)
    expected = {index: tuple(words(text, language)) for index, text in spoken.items() if index not in known}
    hearings = Hearings(expected, names, language)
    every = alone([line for line in recording.lines if line.index in spoken], recording.duration_s)
    singles = [one for one in every if one.lines[0].index not in known]

    def listen(ears: Transcriber, passages: list[Passage], begin: float, end: float, activity: str) -> None:
        for done, passage in enumerate(passages):
            context.progress(begin + (end - begin) * done / len(passages), f"{activity}, {done + 1} of {len(passages)}")
            hearings.take(passage, hear(ears, audio, passage, language=language))

    def in_doubt() -> list[Passage]:
        doubtful = hearings.doubtful(threshold)
        return [one for one in singles if one.lines[0].index in doubtful and not hearings.silent(one.lines[0])]

    runs = groupby(every, key=lambda one: one.lines[0].index in known)
    passages = [passage for is_known, run in runs if not is_known for passage in together(run)]
    listen(transcriber, passages, 0.0, 0.7, "Listening")
    again = [later(one) if one in passages else one for one in in_doubt()]
    listen(transcriber, [one for one in again if one not in passages], 0.7, 0.8, "Listening again")
    larger = second(settings) if in_doubt() else None
    asked = larger is not None and language in larger.capabilities.languages
    if larger and asked:
        listen(larger, in_doubt(), 0.8, 0.9, "Asking the larger model")

    context.progress(0.9, "Judging")
    unlike = [line.index for line in hearings.scores if line.heard and line.word_accuracy < UNLIKE_MAX]
    tongues = {
        one.lines[0].index: spoken_language(larger or transcriber, audio, one)
        for one in singles
        if one.lines[0].index in unlike
    }
    foreign = {index: tongue for index, tongue in tongues.items() if tongue not in (language, None)}
    judged = _judged(hearings, recording, spoken, audio, foreign, strayed)
    by_index = known | {line.index: line for line in judged}
    lines = tuple(by_index[index] for index in spoken)
    context.progress(1.0, "Heard")
    accuracy = total_accuracy(hearings.scores, known.values())
    passed = accuracy >= threshold and all(line.passed for line in lines)
    return Verdict(
        passed=passed,
        word_accuracy=accuracy,
        threshold=threshold,
        lines=lines,
        respeak=() if passed else worst_first(lines, threshold),
        round=round,
        transcriber=transcriber.model,
        second=larger.model if larger and asked else before.second if before and known else "",
    )


def _judged(
    hearings: Hearings,
    recording: Recording,
    spoken: Mapping[int, str],
    audio: Path,
    tongues: Mapping[int, str | None],
    strayed: Collection[int],
) -> tuple[LineVerdict, ...]:
    """Every line that was heard, by all that is known of it."""
    times = {time.index: time for time in recording.lines if hearings.heard(time.index)}
    paced = [time for time in recording.lines if time.index in spoken]
    ratios, gaps_s = pace.ratios(paced, spoken), pace.gaps_s(recording.lines)
    failing = {index for index in times if any(slip.fails for slip in hearings.slips(index))}
    elsewhere = swapped(hearings.scores, failing, hearings.language)
    return tuple(
        line_verdict(
            Evidence(
                score=score,
                slips=hearings.slips(score.index),
                time=times.get(score.index),
                signal=measure(audio, times[score.index]) if score.index in times else None,
                silent=score.index in times and hearings.silent(times[score.index]),
                ratio=ratios.get(score.index),
                gap_s=gaps_s.get(score.index, 0.0),
                swapped=elsewhere.get(score.index),
                language=tongues.get(score.index),
                strayed=score.index in strayed,
            )
        )
        for score in hearings.scores
    )


def not_applicable(settings: Settings, *, round: int) -> Verdict:  # noqa: A002
    """The verdict on an episode that is text only: there is nothing to hear, so it neither passed nor failed."""
    threshold = settings.word_accuracy_min
    return Verdict(passed=None, word_accuracy=None, threshold=threshold, lines=(), round=round, transcriber="")
