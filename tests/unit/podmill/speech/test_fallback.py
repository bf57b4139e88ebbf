"""Who can speak, found out before anything is spent."""

import pytest

from models.brief import CastMember
from podmill.errors import ConfigurationError
from podmill.settings import Settings
from podmill.speech import Choice, check


def test_a_cast_that_needs_a_key(settings: Settings) -> None:
    """It is noticed before anything is made; local voices need none."""
    pytest.importorskip("elevenlabs", reason="needs the extra: pip install 'podmill[elevenlabs]'")
    local = CastMember(speaker="S1", name="Joe", voice="piper:joe")
    hosted = CastMember(speaker="S2", name="George", voice="elevenlabs:JBFqnCBsd6RMkjVDRZzb")
    check(Choice((local, local.model_copy(update={"speaker": "S2", "voice": "piper:joe@1.19"}))), "en", settings)
    with pytest.raises(ConfigurationError, match="PODMILL_ELEVENLABS_API_KEY"):
        check(Choice((local, hosted)), "en", settings)
