"""The larger model, for real: Whisper's base beside tiny.en."""

import numpy as np
import pytest
import soxr

from podmill.speech import kokoro, packs
from podmill.speech.kokoro import Kokoro
from podmill.verification import second_model, verify
from tests import recordings
from tests.golden import hearing

LINES = ("The old harbour lies quite still tonight.", "Boats rock at the pier.", "The keeper goes home early.")


@pytest.fixture
def context(tmp_path):
    return recordings.context(tmp_path)


def heard(context, folder, lines, takes):
    recording = recordings.record(takes, hearing.RATE_HZ, context.store, folder)
    return verify(recordings.script(list(lines)), recording, context)


def spanish(settings, text):
    pack = Kokoro(settings)._pack("jm_kumo")
    model = kokoro._load(settings.home / "models", pack, 2)
    samples, rate = model.create(text, packs.read(pack, "jm_kumo"), 1.0, "es")
    return hearing.levelled(soxr.resample(np.asarray(samples, np.float32), rate, hearing.RATE_HZ))


def test_is_found_by_itself(context):
    assert second_model(context.settings) == "base"


def test_is_not_asked_about_what_is_clear(context, tmp_path):
    verdict = heard(context, tmp_path, LINES, [hearing.say(text) for text in LINES])

    assert verdict.passed
    assert verdict.second == ""


@pytest.mark.torch
def test_tells_which_language_a_line_is_in(context, tmp_path):
    """The bundled model cannot: it knows one. The Spanish is a voice of Kokoro's; Joe's is taken for English."""
    takes = [hearing.say(text) for text in LINES]
    takes[1] = spanish(context.settings, "El viejo puerto está tranquilo, y los barcos duermen en el agua.")

    verdict = heard(context, tmp_path, LINES, takes)

    assert verdict.second == "faster-whisper:base:int8"
    assert verdict.respeak == (1,)
    assert "it is spoken in 'es'" in [fault.said for fault in verdict.lines[1].faults]


def test_settles_what_the_smaller_one_mishears(tmp_path):
    """A sound line with a name in it fails by the smaller model alone."""
    lines = ("Welcome back to the show.", "Hieronymus Bosch painted it in Den Bosch.", "Thank you for listening.")
    verdicts = {}
    for second in ("", "base"):
        context = recordings.context(tmp_path / f"second-{second}", transcriber_second_model=second)
        verdicts[second] = heard(context, tmp_path, lines, [hearing.say(text) for text in lines])

    assert verdicts[""].respeak == (1,)
    assert verdicts["base"].passed
