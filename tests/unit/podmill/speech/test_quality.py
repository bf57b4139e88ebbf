"""What a quality means for each engine."""

from pathlib import Path

from models.brief import CastMember, Fallback
from podmill.settings import Settings
from podmill.speech import engine
from podmill.speech.quality import HD_SETTINGS, local_cast, standard_cast, under

DRAGON = "en-US-Ava:DragonHDLatestNeural"


def member(voice: str, *voices: str) -> CastMember:
    return CastMember(speaker="S1", name="Ana", voice=voice, voices=voices)


def test_the_models_of_hd(tmp_path: Path) -> None:
    """They are those of the settings; standard quality changes nothing, and neither does asking twice."""
    settings = Settings(home=tmp_path)
    hd = under(settings, "hd")
    assert (hd.minimax_model, hd.gemini_speech_model) == ("speech-2.8-hd", "gemini-3.8-flash-tts")
    assert under(hd, "hd") == hd
    assert under(settings, "standard") is under(settings, None) is settings
    assert under(Settings(home=tmp_path, quality="hd"), None).minimax_model == "speech-2.8-hd"
    assert (
        engine.make("minimax", hd).capabilities.price_unit != engine.make("minimax", settings).capabilities.price_unit
    )


def test_every_twin_is_a_setting(tmp_path: Path) -> None:
    """Where one is unset, HD is spoken as standard quality is."""
    bare = Settings(home=tmp_path, **{f"{name}_hd": None for name in HD_SETTINGS})
    assert all(getattr(under(bare, "hd"), name) == getattr(bare, name) for name in HD_SETTINGS)


def test_hd_voices_of_azure_have_a_twin(tmp_path: Path) -> None:
    """Of the same person and listed; others stay as they are."""
    settings = Settings(home=tmp_path, azure_speech_voices=f"{DRAGON}=Ava,en-US-AvaMultilingualNeural=Ava")
    cast = standard_cast([member(f"azure:{DRAGON}"), member("azure:en-US-Andrew:DragonHDLatestNeural")], settings)
    assert [each.voice for each in cast] == [
        "azure:en-US-AvaMultilingualNeural",
        "azure:en-US-Andrew:DragonHDLatestNeural",
    ]


def test_a_local_cast_has_no_way_back(tmp_path: Path) -> None:
    """Its voices are those that are named, or any where that is allowed; paid ones are out of it."""
    settings = Settings(home=tmp_path)
    only_named = Fallback(order=(), policy="never", degrade=())
    named = local_cast([member("minimax:Nora", "piper:joe")], "en", only_named, settings)
    assert named
    assert (named[0].voice, named[0].voices) == ("piper:joe", ())
    assert local_cast([member("minimax:Nora")], "en", only_named, settings) is None
    assert local_cast([member("minimax:Nora")], "en", None, settings)
