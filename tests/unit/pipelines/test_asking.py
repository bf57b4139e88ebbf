"""What of an episode its account's tier decides."""

from models.brief import Brief, CastMember
from pipelines.asking import Wanted, asked
from podmill.settings import Settings


def test_voices_that_may_stand_in_count_as_those_that_are_cast(tmp_path):
    """Their engines and whether they are HD: else a fallback would be a way around the tier."""
    hd = "azure:en-US-Ava:DragonHDLatestNeural"
    cast = (
        CastMember(speaker="S1", name="Ana", voice="piper:joe", voices=(hd,)),
        CastMember(speaker="S2", name="Ben", voice="auto"),
    )

    settings = Settings(home=tmp_path)
    brief = Brief(show="s", topic="tides", minutes=12, cast=cast)

    found = asked(Wanted("k", brief, file="b.yaml", line=4), settings)

    assert (found.title, found.minutes, found.file, found.line) == ("tides", 12, "b.yaml", 4)
    assert found.engines == {"piper", "azure"}
    assert found.hd
    assert not asked(Wanted("k", Brief(show="s", topic="tides", cast=cast[1:])), settings).hd


def test_hd_is_asked_for_by_the_episode_or_else_the_settings(tmp_path):
    """Whatever the voices: a brief that says nothing is spoken as the settings say."""
    standard, hd = Settings(home=tmp_path), Settings(home=tmp_path, quality="hd")
    stated = [(quality, settings) for quality in ("hd", "standard", None) for settings in (standard, hd)]

    found = [asked(Wanted("k", Brief(show="s", topic="t", quality=each)), settings).hd for each, settings in stated]

    assert found == [True, True, False, False, False, True]
