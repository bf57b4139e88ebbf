"""ElevenLabs: one request where one will do, dialogues, and what the account allows, against the emulator."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.brief import CastMember
from podmill.context import StepContext
from podmill.errors import ConfigurationError, TooLongError, TransientError, UnstitchedError, VoiceError
from podmill.settings import Settings
from podmill.speech import take
from podmill.speech.engine import SpeechRequest, limits, make
from podmill.speech.plan import plan
from tests.emulators.running import Running, running
from tests.unit.podmill.speech.tones import script

ONE, TWO = "JBFqnCBsd6RMkjVDRZzb", "21m00Tcm4TlvDq8ikWAM"
CAST = (
    CastMember(speaker="S1", name="One", voice=f"elevenlabs:{ONE}"),
    CastMember(speaker="S2", name="Two", voice=f"elevenlabs:{TWO}"),
)
LONG = "eleven_flash_v2_5"


def at(emulator: Running, model: str, home: Path) -> Settings:
    return Settings(home=home, elevenlabs_url=emulator.url, elevenlabs_api_key=emulator.key, elevenlabs_model=model)


def planned(settings: Settings, *lines: str) -> tuple[SpeechRequest, ...]:
    return plan(script(*lines), CAST, settings, {})


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Running]:
    """One that says in a minute what takes a person a quarter of an hour."""
    with running(tmp_path / "quick", "--characters-a-second", "240") as emulator:
        yield emulator


def test_a_long_script_is_one_request(quick: Running, context: StepContext, podmill_home: Path) -> None:
    """15,398 characters on a long model: asked exactly once, and every line has its time in the take."""
    settings = at(quick, LONG, podmill_home)
    sentence = "It is said that the mill turns by night as well. "
    lines = [f"S1: {(sentence * 4).strip()}" for _ in range(15_398 // 196)]
    lines.append(f"S1: {'b' * (15_398 - sum(len(line) - 3 for line in lines) - 1)}.")

    (asked,) = planned(settings, *lines)
    made = take.keep(asked, make("elevenlabs", settings).speak(asked), context)

    assert asked.characters == 15_398
    (logged,) = quick.requests()
    assert (logged["characters"], logged["model"]) == (15_398, LONG)
    assert made.duration_s == pytest.approx(15_398 / 240, rel=0.1)
    starts = [line.start_s for line in made.lines]
    assert len(starts) == len(lines)
    assert starts == sorted(starts)


def test_limits_are_those_of_the_account(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """The list of models is read once; what it says counts, whatever the table says."""
    elevenlabs_emulator.reset(lengths={LONG: 60})
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_timeout_s": 31.0})
    requests = planned(settings, *(f"S1: {'a' * 40}." for _ in range(3)))
    elevenlabs_emulator.reset()
    assert [request.characters for request in requests] == [41, 41, 41]
    assert limits(make("elevenlabs", settings)).max_characters == 60


def test_without_the_list_the_table_counts(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """A list that cannot be read stops nothing; checking the key says that it cannot be read."""
    elevenlabs_emulator.reset(listed=False)
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_timeout_s": 32.0})
    engine = make("elevenlabs", settings)
    assert limits(engine).max_characters == 40_000
    with pytest.raises(TransientError):
        engine.check()


def test_a_length_it_does_not_take(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """A refusal for the length is told apart from others, and nothing is charged."""
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_timeout_s": 33.0})
    (asked,) = planned(settings, "S1: One is here.", "S1: Two is here.")
    elevenlabs_emulator.reset(lengths={LONG: 20})
    with pytest.raises(TooLongError, match="does not take 25 characters at once"):
        make("elevenlabs", settings).speak(asked)
    assert [(line["outcome"], line["billed"]) for line in elevenlabs_emulator.requests()] == [("refused", 0)]


def test_neighbours_are_told(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """Of two requests of a voice the first is told how it goes on, the second what was before."""
    elevenlabs_emulator.reset(lengths={LONG: 30})
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_timeout_s": 34.0})
    engine = make("elevenlabs", settings)
    for asked in planned(settings, "S1: This is the first line.", "S1: This is the second."):
        engine.speak(asked)
    first, second = elevenlabs_emulator.requests()
    assert (first.get("previous_text"), first.get("next_text")) == (None, "This is the second.")
    assert (second.get("previous_text"), second.get("next_text")) == ("This is the first line.", None)


def test_a_dialogue_is_one_request(elevenlabs_emulator: Running, context: StepContext, podmill_home: Path) -> None:
    """The third generation speaks several voices at once and says when each line is heard."""
    settings = at(elevenlabs_emulator, "eleven_v3", podmill_home)
    (asked,) = planned(settings, "S1: Is this how it goes?", "S2: It is.", "S1: Good to know that.")

    made = take.keep(asked, make("elevenlabs", settings).speak(asked), context)

    (logged,) = elevenlabs_emulator.requests()
    assert logged["turns"] == [["Is this how it goes?", ONE], ["It is.", TWO], ["Good to know that.", ONE]]
    assert made.voice == f"elevenlabs:{ONE}+elevenlabs:{TWO}"
    assert [line.start_s for line in made.lines] == pytest.approx([0, 1.5, 2.0], abs=0.08)


def test_dialogues_are_short(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """Several voices share at most 2,000 characters, one voice what the model takes; a shifted voice shares none."""
    settings = at(elevenlabs_emulator, "eleven_v3", podmill_home)
    lines = [f"S{n % 2 + 1}: {'a' * 699}." for n in range(4)]
    alone = [f"S1: {'a' * 699}." for _ in range(4)]
    assert [len(request.lines) for request in planned(settings, *lines)] == [2, 2]
    assert [len(request.lines) for request in planned(settings, *alone)] == [4]
    shifted = (CAST[0], CAST[1].model_copy(update={"voice": f"elevenlabs:{TWO}@1.19"}))
    assert [len(request.lines) for request in plan(script(*lines), shifted, settings, {})] == [1, 1, 1, 1]


def test_a_dialogue_is_found_in_the_history(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """Its entry has neither text nor voice, but the turns."""
    settings = at(elevenlabs_emulator, "eleven_v3", podmill_home)
    engine = make("elevenlabs", settings)
    (asked,) = planned(settings, "S1: Is this how it goes?", "S2: It is.")
    (other,) = planned(settings, "S1: Is this how it goes?", "S2: It is not.")
    engine.speak(asked)
    found = engine.find(asked, time.time(), lambda _id: False)
    assert found
    assert found.line_times_s == ()
    assert engine.find(other, time.time(), lambda _id: False) is None


def test_a_model_that_takes_no_neighbours(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """It is told once, refuses, and is asked without from then on: the plan is another, and so are the keys."""
    elevenlabs_emulator.reset(lengths={"eleven_v4": 30}, unstitched=["eleven_v4"])
    settings = at(elevenlabs_emulator, "eleven_v4", podmill_home).model_copy(update={"elevenlabs_timeout_s": 35.0})
    engine, lines = make("elevenlabs", settings), ("S1: This is the first line.", "S1: This is the second.")
    told = planned(settings, *lines)
    with pytest.raises(UnstitchedError):
        engine.speak(told[0])
    untold = planned(settings, *lines)
    for asked in untold:
        engine.speak(asked)
    assert not limits(engine).stitching
    assert [asked.text for asked in told] == [asked.text for asked in untold]
    assert not {asked.key for asked in told} & {asked.key for asked in untold}
    assert [request["outcome"] for request in elevenlabs_emulator.requests()] == ["refused", "ok", "ok"]


def test_a_model_that_takes_neighbours(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """The fourth generation is told, and nothing is refused."""
    elevenlabs_emulator.reset(lengths={"eleven_v4": 30})
    settings = at(elevenlabs_emulator, "eleven_v4", podmill_home).model_copy(update={"elevenlabs_timeout_s": 36.0})
    for asked in planned(settings, "S1: This is the first line.", "S1: This is the second."):
        make("elevenlabs", settings).speak(asked)
    first, second = elevenlabs_emulator.requests()
    assert (first["next_text"], second["previous_text"]) == ("This is the second.", "This is the first line.")


def test_the_third_generation_is_never_told(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """Of two requests of one voice neither says what the other holds."""
    elevenlabs_emulator.reset(lengths={"eleven_v3": 30})
    settings = at(elevenlabs_emulator, "eleven_v3", podmill_home).model_copy(update={"elevenlabs_timeout_s": 37.0})
    for asked in planned(settings, "S1: This is the first line.", "S1: This is the second."):
        make("elevenlabs", settings).speak(asked)
    assert [request["outcome"] for request in elevenlabs_emulator.requests()] == ["ok", "ok"]


def test_dialogues_are_a_setting() -> None:
    """Which models speak several voices in one request is not known for all of them."""
    settings = Settings(elevenlabs_model="eleven_v4", elevenlabs_dialogue_models=("eleven_v3", "eleven_v4"))
    (asked,) = planned(settings, "S1: Is this how it goes?", "S2: It is.")
    assert len(asked.voices) == 2
    apart = planned(settings.model_copy(update={"elevenlabs_dialogue_models": ()}), "S1: Is it?", "S2: It is.")
    assert [len(each.voices) for each in apart] == [1, 1]


def test_an_account_that_knows_no_such_model(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """Lists that lack the model, or give it no length, leave the table; nothing is asked to speak."""
    elevenlabs_emulator.reset(lengths={LONG: 0})
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_timeout_s": 38.0})
    assert limits(make("elevenlabs", settings)).max_characters == 40_000
    old = settings.model_copy(update={"elevenlabs_model": "eleven_turbo_v2"})
    assert limits(make("elevenlabs", old)).max_characters == 30_000
    away = settings.model_copy(update={"elevenlabs_url": "http://127.0.0.1:9"})
    assert limits(make("elevenlabs", away)).max_characters == 40_000
    assert elevenlabs_emulator.requests() == []


@pytest.mark.parametrize("name", ["pcm_24000", "pcm_44100", "wav_44100", "mp3_44100_192"])
def test_a_format(name: str, elevenlabs_emulator: Running, context: StepContext, podmill_home: Path) -> None:
    """It is asked for and kept as a sound file, from the history too, and it is part of the key."""
    elevenlabs_emulator.reset(tier="pro")
    usual = at(elevenlabs_emulator, LONG, podmill_home)
    settings = usual.model_copy(update={"elevenlabs_format": name})
    engine = make("elevenlabs", settings)
    engine.check()
    (asked,) = planned(settings, "S1: This is how it goes.")
    raw = engine.speak(asked)
    found = engine.find(asked, time.time(), lambda _id: False)
    assert found
    assert raw.suffix == (".mp3" if name.startswith("mp3") else ".wav")
    assert raw.sample_rate_hz == int(name.split("_")[1])
    assert take.keep(asked, raw, context).duration_s == pytest.approx(1.5, abs=0.2)
    assert len(found.samples) / found.sample_rate_hz == pytest.approx(1.5, abs=0.1)
    assert asked.key != planned(usual, "S1: This is how it goes.")[0].key


@pytest.mark.parametrize(
    ("tier", "name", "needed"),
    [("creator", "wav_44100", "pro"), ("starter", "mp3_44100_192", "creator"), ("free", "pcm_44100", "pro")],
)
def test_a_plan_that_lacks_the_format(
    tier: str, name: str, needed: str, elevenlabs_emulator: Running, podmill_home: Path
) -> None:
    """It is found when the cast is checked, before anything is spent; the refusal says so, too."""
    elevenlabs_emulator.reset(tier=tier)
    settings = at(elevenlabs_emulator, LONG, podmill_home).model_copy(update={"elevenlabs_format": name})
    engine = make("elevenlabs", settings)
    with pytest.raises(ConfigurationError, match=rf"is {tier}; the format {name} needs {needed}.*ELEVENLABS_FORMAT"):
        engine.check()
    (asked,) = planned(settings, "S1: One.")
    with pytest.raises(ConfigurationError, match="PODMILL_ELEVENLABS_FORMAT"):
        engine.speak(asked)
    elevenlabs_emulator.reset(tier="enterprise")
    engine.check()


def test_voices_of_the_library_on_a_free_plan(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """The account says so of the voice, so that the check can; who pays has them."""
    settings = at(elevenlabs_emulator, LONG, podmill_home)
    engine = make("elevenlabs", settings)
    (asked,) = planned(settings, "S1: One.")
    elevenlabs_emulator.reset(tier="free", library=[ONE])
    engine.check_voice(engine.voice(TWO))
    with pytest.raises(VoiceError, match=f"is free; the voice {ONE} of its library"):
        engine.check_voice(engine.voice(ONE))
    with pytest.raises(ConfigurationError, match="Voices of its library need a paid plan"):
        engine.speak(asked)
    elevenlabs_emulator.reset(tier="starter", library=[ONE])
    engine.check_voice(engine.voice(ONE))


def test_voices_are_checked_without_speaking(elevenlabs_emulator: Running, podmill_home: Path) -> None:
    """A voice that the account does not have, and a key that is wrong, are found before anything is spent."""
    elevenlabs_emulator.reset(voices=[ONE])
    settings = at(elevenlabs_emulator, LONG, podmill_home)
    engine = make("elevenlabs", settings)
    engine.check_voice(engine.voice(ONE))
    with pytest.raises(VoiceError, match=TWO):
        engine.check_voice(engine.voice(TWO))
    wrong = make(
        "elevenlabs",
        settings.model_copy(update={"elevenlabs_api_key": Settings(elevenlabs_api_key="x").elevenlabs_api_key}),
    )
    with pytest.raises(ConfigurationError, match="Invalid API key"):
        wrong.check()
    assert elevenlabs_emulator.requests() == []
