"""Who can speak, found out before anything is spent."""

from typing import Literal

import pytest

from models.brief import CastMember, Fallback
from podmill.errors import ConfigurationError
from podmill.settings import Settings
from podmill.speech import Choice, check, choices, order_problem


def test_a_cast_that_needs_a_key(settings: Settings) -> None:
    """It is noticed before anything is made; local voices need none."""
    pytest.importorskip("elevenlabs", reason="needs the extra: pip install 'podmill[elevenlabs]'")
    local = CastMember(speaker="S1", name="Joe", voice="piper:joe")
    hosted = CastMember(speaker="S2", name="George", voice="elevenlabs:JBFqnCBsd6RMkjVDRZzb")
    check(Choice((local, local.model_copy(update={"speaker": "S2", "voice": "piper:joe@1.19"}))), "en", settings)
    with pytest.raises(ConfigurationError, match="PODMILL_ELEVENLABS_API_KEY"):
        check(Choice((local, hosted)), "en", settings)


GEORGE, RACHEL = "elevenlabs:JBFqnCBsd6RMkjVDRZzb", "elevenlabs:21m00Tcm4TlvDq8ikWAM"
JOE = "piper:joe"


def cast(*named: tuple[str, tuple[str, ...]]) -> tuple[CastMember, ...]:
    return tuple(
        CastMember(speaker=f"S{number}", name=f"N{number}", voice=voice, voices=others)
        for number, (voice, others) in enumerate(named, start=1)
    )


def ways(
    settings: Settings,
    members: tuple[CastMember, ...],
    *order: str,
    language: str = "en",
    policy: Literal["never", "whole", "mixed"] = "whole",
    degrade: tuple[Literal["auto", "shifted"], ...] = ("auto", "shifted"),
) -> list[tuple[str, ...]]:
    """Voices of each choice after the first; none for text only."""
    fallback = Fallback(order=order, policy=policy, degrade=degrade)
    first, *others = choices(members, fallback, language, settings)
    assert first.cast == members
    assert [choice.text_only for choice in others] == [not choice.cast for choice in others]
    return [tuple(choice.voices.values()) for choice in others]


@pytest.mark.parametrize(
    ("degrade", "voices"),
    [
        (("auto", "shifted"), [(JOE, f"{JOE}@1.19")]),
        (("auto",), []),
        (("shifted",), []),
        ((), []),
    ],
)
def test_local_voices_that_nobody_named(settings: Settings, degrade, voices, monkeypatch) -> None:
    """Every speaker gets one of their own, unless that is not allowed; of one voice there is one speaker, likewise."""
    monkeypatch.setattr("podmill.speech.kokoro._is_installed", lambda: False)
    assert ways(settings, cast((GEORGE, ()), (RACHEL, ())), "local", degrade=degrade) == voices


def test_local_voices_that_are_named(settings: Settings, monkeypatch) -> None:
    """They speak whatever is allowed; what is not installed or speaks another language is as if it was not named."""
    monkeypatch.setattr("podmill.speech.kokoro._is_installed", lambda: False)
    both = cast((GEORGE, (f"{JOE}@0.84",)), (RACHEL, (JOE,)))
    assert ways(settings, both, "local", degrade=()) == [(f"{JOE}@0.84", JOE)]
    absent = cast((GEORGE, ("kokoro:am_michael",)), (RACHEL, (JOE,)))
    assert ways(settings, absent, "local", degrade=()) == []
    assert ways(settings, absent, "local") == [(f"{JOE}@0.84", JOE)]
    assert ways(settings, both, "local", language="de") == []


def test_high_voices_stay_high(settings: Settings, monkeypatch) -> None:
    """Where the names of a cast tell who is a man and who a woman, local voices are given accordingly."""
    monkeypatch.setattr("podmill.speech.kokoro._is_installed", lambda: False)
    members = cast(("openai:af_heart", ()), ("openai:am_michael", ()))
    assert ways(settings, members, "local") == [(f"{JOE}@1.19", JOE)]


def test_the_order_of_choices(settings: Settings) -> None:
    """As cast, then as the order says: engines that everybody has a voice of, local ones, nobody. Each way once."""
    members = cast((GEORGE, ("minimax:a", JOE)), (RACHEL, ("minimax:b", "azure:c", f"{JOE}@1.19")))
    order = ("azure", "minimax", "elevenlabs", "local", "piper", "text")
    assert ways(settings, members, *order) == [("minimax:a", "minimax:b"), (JOE, f"{JOE}@1.19"), ()]
    assert ways(settings, members, *order, policy="never") == []
    assert (
        choices(members, None, "en", settings)[1:2]
        == choices(members, Fallback(order=("minimax",), policy="whole", degrade=()), "en", settings)[1:]
    )


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        (("minimax", "local"), None),
        (("text",), None),
        (("minmax",), "'minmax' is no engine"),
        (("local", "local"), "twice"),
        (("text", "local"), "last"),
    ],
)
def test_what_an_order_may_be(order: tuple[str, ...], problem: str | None) -> None:
    """Engines, `local` and, at the end, `text`, each once."""
    found = order_problem(order)
    assert found is None if problem is None else problem in (found or "")


def test_an_order_in_the_settings_is_checked(settings: Settings) -> None:
    """With the name of the setting."""
    wrong = settings.model_copy(update={"voices_order": ("text", "local")})
    with pytest.raises(ConfigurationError, match=r"voices_order.*last.*PODMILL_VOICES_ORDER"):
        choices(cast((JOE, ())), None, "en", wrong)
