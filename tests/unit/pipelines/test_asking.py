"""What of an episode its account's tier decides."""

from models.brief import Brief, CastMember
from pipelines.asking import Wanted, asked


def test_voices_that_may_stand_in_count_as_those_that_are_cast():
    """Their engines and whether they are HD: else a fallback would be a way around the tier."""
    hd = "azure:en-US-Ava:DragonHDLatestNeural"
    cast = (
        CastMember(speaker="S1", name="Ana", voice="piper:joe", voices=(hd,)),
        CastMember(speaker="S2", name="Ben", voice="auto"),
    )

    found = asked(Wanted("k", Brief(show="s", topic="tides", minutes=12, cast=cast), file="b.yaml", line=4))

    assert (found.title, found.minutes, found.file, found.line) == ("tides", 12, "b.yaml", 4)
    assert found.engines == {"piper", "azure"}
    assert found.hd
    assert not asked(Wanted("k", Brief(show="s", topic="tides", cast=cast[1:]))).hd
