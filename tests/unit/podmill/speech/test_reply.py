"""A reply that is kept makes the same take as the one that was not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from podmill.context import StepContext
from podmill.errors import SpeechError, StoreError
from podmill.speech import pitch
from podmill.speech.engine import Receipt, RequestLine, SpeechRequest, make
from podmill.speech.reply import reply_of, restore
from podmill.speech.take import keep
from tests.unit.podmill.speech.tones import Tones


def request(engine: str, *voices: str) -> SpeechRequest:
    lines = [
        RequestLine(index=n, speaker=f"S{n}", voice=f"{engine}:{voice}", text="Hello there.")
        for n, voice in enumerate(voices)
    ]
    return SpeechRequest(key="0" * 64, engine=engine, language="en", lines=tuple(lines))


def test_there_and_back(context: StepContext, tones: type[Tones]) -> None:
    """Sound, line times and receipt survive JSON and the store; the take is the same to the byte."""
    asked = request("tones", "low", "high")
    receipt = Receipt(request_id="r1", billed=24.0, at_once=2, at_once_max=10)
    raw = replace(make("tones", context.settings).speak(asked), receipt=receipt)
    reply = json.loads(json.dumps(reply_of(raw, context.store)))

    restored = restore(asked, reply, context.store)

    assert (restored.data, restored.suffix, restored.media_type) == (raw.data, ".wav", "audio/wav")
    assert (restored.sample_rate_hz, restored.receipt) == (raw.sample_rate_hz, receipt)
    assert [tuple(times) for times in restored.line_times_s] == list(raw.line_times_s)
    np.testing.assert_allclose(restored.samples, raw.samples, atol=1 / 32768)
    first, second = keep(asked, restored, context), keep(asked, restored, context)
    assert first == second
    assert first.raw.sha256 == reply["data"]["sha256"]


def test_what_a_provider_did_not_say_stays_unsaid(context: StepContext, tones: type[Tones]) -> None:
    """No receipt is no receipt, and an empty one stays empty."""
    asked = request("tones", "low")
    raw = make("tones", context.settings).speak(asked)

    kept = [reply_of(one, context.store) for one in (raw, replace(raw, receipt=Receipt()))]

    assert [restore(asked, reply, context.store).receipt for reply in kept] == [None, Receipt()]


def test_a_shifted_voice_is_shifted_again(context: StepContext, tones: type[Tones]) -> None:
    """The bytes are those from before the shift; the samples are those from after it."""
    plain = make("tones", context.settings).speak(request("tones", "mid"))
    reply = reply_of(plain, context.store)

    restored = restore(request("tones", "mid@1.19"), reply, context.store)

    shifted = pitch.shift(plain.samples, plain.sample_rate_hz, 1.19)
    assert restored.data == plain.data
    np.testing.assert_allclose(restored.samples, shifted, atol=0.001)


def test_a_reply_that_is_lost_or_damaged(context: StepContext, tones: type[Tones]) -> None:
    """Bytes that are gone, and bytes that are no sound, are said to be just that."""
    asked = request("tones", "low")
    raw = make("tones", context.settings).speak(asked)
    lost = reply_of(raw, context.store) | {"data": {"sha256": "0" * 64, "suffix": ".wav", "size_bytes": 1}}

    with pytest.raises(StoreError):
        restore(asked, lost, context.store)
    with pytest.raises(SpeechError, match="8 bytes of audio are not sound"):
        restore(asked, reply_of(replace(raw, data=b"<html>\r\n"), context.store), context.store)
