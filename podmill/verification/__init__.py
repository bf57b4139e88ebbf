"""Verification: an episode is not done until it has been heard.

The recording is cut in its pauses, each passage is transcribed, and what was heard is laid against what was to be said,
line by line. Nothing of the script is shown to the transcriber.
"""

from functools import lru_cache
from typing import Final

from models.recording import Recording
from models.script import Script
from models.verdict import Verdict
from podmill.context import StepContext
from podmill.errors import TranscriberError
from podmill.registry import load
from podmill.settings import Settings
from podmill.verification.listening import hear
from podmill.verification.metrics import LineScore, acceptable, score, to_respeak, total_accuracy
from podmill.verification.names import respellings
from podmill.verification.normalize import primary, words
from podmill.verification.passages import Passage, alone, together
from podmill.verification.transcriber import Transcriber

TRANSCRIBERS: Final = {
    "faster-whisper": "podmill.verification.faster_whisper:FasterWhisper",
    "openai-whisper": "podmill.verification.openai_whisper:OpenAIWhisper",
}
EXTRAS: Final = {"openai-whisper": "openai-whisper"}


@lru_cache(maxsize=1)
def preload(settings: Settings) -> Transcriber:
    """The transcriber the settings name, loaded once in a process. Call it after a fork, not before.

    Raises:
        ConfigurationError: its name is unknown, or its package or number type is not there.
        TranscriberError: its weights cannot be loaded.
    """
    transcriber: Transcriber = load(TRANSCRIBERS, settings.transcriber, kind="transcriber", extras=EXTRAS)(settings)
    return transcriber


def verify(script: Script, recording: Recording, context: StepContext, *, round: int = 0) -> Verdict:  # noqa: A002
    """What a listener hears of the recording, against the script's spoken form.

    The recording passes when the word accuracy of the whole reaches ``settings.word_accuracy_min`` and no line of four
    words or more is missing or replaced. Before it is refused, every line below the threshold is heard once more by
    itself, because a transcriber at times skips words in company, and the better of its two hearings counts. A line
    that the recording has no time for was not heard.

    Args:
        round: 0 for the first hearing, 1 and up after lines were spoken again.

    Raises:
        TranscriberError: the model does not know the language, or the audio cannot be transcribed.
        ConfigurationError: as of ``preload``.
    """
    settings = context.settings
    language = primary(script.language)
    threshold = settings.word_accuracy_min
    transcriber = preload(settings)
    if language not in transcriber.capabilities.languages:
        raise TranscriberError(
            f"The transcriber {transcriber.model} does not understand {script.language!r}.",
            action="Set PODMILL_TRANSCRIBER_MODEL to a multilingual model, such as base.",
        )
    audio = context.store.path(recording.sound)
    names = respellings(script.pronunciations, language)
    expected = {line.index: tuple(words(line.spoken, language)) for line in script.lines}
    scores: dict[int, LineScore] = {}
    singles = alone([line for line in recording.lines if line.index in expected], recording.duration_s)

    def listen(passages: list[Passage], begin: float, end: float, activity: str) -> None:
        for done, passage in enumerate(passages):
            context.progress(begin + (end - begin) * done / len(passages), f"{activity}, {done + 1} of {len(passages)}")
            heard = hear(transcriber, audio, passage, language=language)
            for line in score([(time.index, expected[time.index]) for time in passage.lines], heard, names):
                scores[line.index] = min(scores.get(line.index, line), line, key=lambda one: one.errors)

    passages = together(singles)
    for index in expected.keys() - {line.index for passage in passages for line in passage.lines}:
        scores[index] = LineScore.unheard(index, expected[index])
    listen(passages, 0.0, 0.8, "Listening")
    if not acceptable(scores.values(), threshold):
        in_company = {line.index for passage in passages if len(passage.lines) > 1 for line in passage.lines}
        doubtful = in_company.intersection(to_respeak(scores.values(), threshold))
        listen([one for one in singles if one.lines[0].index in doubtful], 0.8, 1.0, "Listening again")
    context.progress(1.0, "Heard")

    passed = acceptable(scores.values(), threshold)
    return Verdict(
        passed=passed,
        word_accuracy=total_accuracy(scores.values()),
        threshold=threshold,
        lines=tuple(scores[index].verdict() for index in expected),
        respeak=() if passed else to_respeak(scores.values(), threshold),
        round=round,
        transcriber=transcriber.model,
    )


def not_applicable(settings: Settings, *, round: int) -> Verdict:  # noqa: A002
    """The verdict on an episode that is text only: there is nothing to hear, so it neither passed nor failed."""
    threshold = settings.word_accuracy_min
    return Verdict(passed=None, word_accuracy=None, threshold=threshold, lines=(), round=round, transcriber="")
