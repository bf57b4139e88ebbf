"""What an engine is, and finding one by name."""

import pytest

from podmill.errors import ConfigurationError
from podmill.settings import Settings
from podmill.speech.engine import RequestLine, SpeechRequest, Voice, make


def test_an_engine_by_name(settings: Settings) -> None:
    """Engines are made from their name; making one loads no model."""
    assert make("piper", settings).name == "piper"


def test_an_unknown_engine(settings: Settings) -> None:
    """An engine that does not exist is refused with those that do."""
    with pytest.raises(
        ConfigurationError, match=r"Unknown engine: 'brass'\. Known: azure, elevenlabs, gemini, kokoro, minimax, openai"
    ):
        make("brass", settings)


@pytest.mark.parametrize(
    ("language", "speaks"), [("en", True), ("en-GB", True), ("EN_us", True), ("de", False), ("eng", False)]
)
def test_a_voice_speaks_its_language_in_any_region(language: str, speaks: bool) -> None:
    """Regions do not matter, languages do."""
    assert Voice("piper:joe", "Joe", "piper", ("en-US",), "CC0", True).speaks(language) is speaks


def test_a_voice_knows_its_name_in_the_engine() -> None:
    """Engine and pitch are taken off the id."""
    assert Voice("piper:joe@1.19", "Joe", "piper", ("en-US",), "CC0", True, pitch=1.19).base == "joe"


def test_a_request_counts_what_is_sent() -> None:
    """Voices are listed once, in order; the characters are those of the text with its line ends."""
    lines = [RequestLine(index=n, speaker="S1", voice=voice, text="abc") for n, voice in enumerate(("b", "a", "b"))]
    request = SpeechRequest(key="k", engine="e", language="en", lines=tuple(lines))
    assert (request.voices, request.text, request.characters) == (("b", "a"), "abc\nabc\nabc", 11)
