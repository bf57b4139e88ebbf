"""What the speech of an episode is expected to be billed for: of its script, or before there is one, of its length."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from models.brief import CastMember
from models.script import Script
from models.steps import Step
from podmill.money.forecast import Use
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.engine import DENSE, RequestLine, SpeechRequest, primary
from podmill.speech.plan import plan

LEAST: Final = 0.85
"""Of what is likely, where an engine's bill cannot be counted before: a voice may speak as much quicker."""
SAMPLES: Final[Mapping[str, str]] = {
    "ja": "この灯台は千八百七十四年に船で運ばれた石で建てられました。港にはまだ古い倉庫が残っています。",
    "ko": "이 등대는 천팔백칠십사년에 배로 실어 온 돌로 지어졌습니다. 항구에는 오래된 창고가 남아 있습니다.",
    "zh": "这座灯塔建于一八七四年。石料由船只运来。港口至今仍保留着旧仓库。许多人在夏天来参观。",
}
SAMPLE: Final = "The lighthouse was built of stone that boats carried across the bay, and it still stands. "
"""Talk as engines count it that do not count characters alone."""


def of_script(
    script: Script, cast: Sequence[CastMember], settings: Settings, there: Collection[str] | None = None
) -> tuple[list[Use], int, int]:
    """
    Args:
        there: keys of takes that are in the cache: they are not paid for again. None: nobody looked.

    Returns:
        What is billed; how many requests there are, and how many of their takes are there already.

    Raises:
        PodmillError: as ``plan``.
    """
    requests = plan(script, cast, settings, variants={})
    wanted = [request for request in requests if request.key not in (there or ())]
    return _uses(wanted, settings), len(requests), len(requests) - len(wanted)


def of_talk(
    characters: float, lines: float, language: str, cast: Sequence[CastMember], settings: Settings
) -> list[Use]:
    """Of so many characters in so many lines, shared by the cast, whose voices are known.

    Raises:
        ConfigurationError: there is no engine of a voice.
    """
    count = Counter(member.voice.partition(":")[0] for member in cast)
    found: list[Use] = []
    for name in count:
        share = count[name] / len(cast)
        voice = next(member.voice for member in cast if member.voice.startswith(f"{name}:"))
        found += _uses(list(_requests(characters * share, lines * share, language, voice, settings)), settings)
    return found


def _uses(requests: Sequence[SpeechRequest], settings: Settings) -> list[Use]:
    usual: dict[tuple[str, str], float] = {}
    most: dict[tuple[str, str], float] = {}
    for request in requests:
        made = engine.make(request.engine, settings)
        provider, promised = engine.priced(made, request)
        for unit, quantity in promised.items():
            most[provider, unit] = most.get((provider, unit), 0.0) + quantity
        for unit, quantity in engine.usual(made, request).items():
            usual[provider, unit] = usual.get((provider, unit), 0.0) + quantity
    return [
        Use(Step.SYNTHESIS, *of, likely if most[of] == likely else likely * LEAST, likely, max(likely, most[of]))
        for of, likely in usual.items()
    ]


def _requests(
    characters: float, lines: float, language: str, voice: str, settings: Settings
) -> Iterator[SpeechRequest]:
    name = voice.partition(":")[0]
    able = engine.make(name, settings).capabilities
    longest = able.dense_characters if primary(language) in DENSE and able.dense_characters else able.max_characters
    sample = SAMPLES.get(primary(language), SAMPLE)
    left, each = round(characters), max(round(characters / max(lines, 1.0)), 1)
    at = 0
    while left > 0:
        told: list[RequestLine] = []
        room = min(left, longest)
        while room > 0:
            size = min(each, room)
            begin = at % len(sample)
            text = (sample * (size // len(sample) + 2))[begin : begin + size]
            told.append(RequestLine(index=len(told), speaker="S1", voice=voice, text=text))
            at, room, left = at + size, room - size, left - size
        yield SpeechRequest(key="", engine=name, language=language, lines=tuple(told))
