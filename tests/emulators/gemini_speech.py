"""How the emulated Gemini speaks: the local voice Joe, or tones, with pauses between lines.

Terms: ``speech``, a folder where Joe's sentences are kept; without it tones are heard. What a request must be is
checked: one voice, or exactly two whose names the text uses.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr

from podmill.speech import files
from podmill.speech.engine import Samples
from podmill.speech.gemini import VOICES
from tests.emulators.gemini import Made, Wanted, invalid, tokens
from tests.emulators.sound import Joe, Speaker, Tone

INPUT_MAX: Final = 8_192
OUTPUT_MAX: Final = 16_384
TOKENS_A_SECOND: Final = 25
RATE_HZ: Final = 24000
MEDIA_TYPE: Final = f"audio/L16;codec=pcm;rate={RATE_HZ}"
PIECES: Final = 2
"""The audio comes in so many parts."""
TURN: Final = re.compile(r"^(\w+): (.+)$", re.MULTILINE)
BY_PROMPT: Final = "gemini-2.5"

Turn = tuple[str, str]
"""Text and voice."""


def answer(wanted: Wanted) -> Made:
    if not re.search(r"-tts$|-tts-", wanted.model):
        raise invalid(f"The requested combination of response modalities (AUDIO) is not supported by {wanted.model}.")
    if wanted.system:
        raise invalid("Developer instruction is not enabled for this model")
    if wanted.config["responseModalities"] != ["AUDIO"]:
        raise invalid("The model accepts the following combination of response modalities: AUDIO")
    used = tokens(wanted.text)
    if used > INPUT_MAX:
        raise invalid(f"The input token count ({used}) exceeds the maximum number of tokens allowed ({INPUT_MAX}).")
    turns = turns_of(wanted, voices_of(wanted.config.get("speechConfig") or {}))
    sound = heard(tuple(turns), str(wanted.terms.get("speech", "")), seed_of(wanted))
    made = round(len(sound) / RATE_HZ * TOKENS_A_SECOND)
    longest = OUTPUT_MAX * RATE_HZ // TOKENS_A_SECOND
    data = (np.clip(sound[:longest], -1, 1) * 32767).astype("<i2").tobytes()
    at = len(data) // PIECES | 1
    details = {"voices": [voice for _, voice in turns], "texts": [text for text, _ in turns]}
    return Made(
        [
            {"inlineData": {"mimeType": MEDIA_TYPE, "data": base64.b64encode(piece).decode()}}
            for piece in (data[:at], data[at:])
        ],
        finish="STOP" if made <= OUTPUT_MAX else "MAX_TOKENS",
        output_tokens=min(made, OUTPUT_MAX),
        modality="AUDIO",
        details=details,
    )


def voices_of(speech: dict[str, Any]) -> dict[str, str]:
    """The voice of each speaker; of nobody in particular where there is one voice."""
    one, several = speech.get("voiceConfig"), speech.get("multiSpeakerVoiceConfig")
    if (one is None) == (several is None):
        raise invalid("Exactly one of voice_config and multi_speaker_voice_config must be set.")
    if one is not None:
        return {"": known(one)}
    both = several.get("speakerVoiceConfigs") or []
    if len(both) != 2:
        raise invalid("The number of speaker_voice_configs must equal 2.")
    return {str(each.get("speaker")): known(each.get("voiceConfig") or {}) for each in both}


def known(voice: dict[str, Any]) -> str:
    name = (voice.get("prebuiltVoiceConfig") or {}).get("voiceName")
    if name not in VOICES:
        raise invalid(f"Voice name {name} is not supported.")
    return str(name)


def turns_of(wanted: Wanted, voices: dict[str, str]) -> list[Turn]:
    parts = [part for content in wanted.body["contents"] for part in content.get("parts", [])]
    if wanted.model.startswith(BY_PROMPT):
        return turns_of_prompt(wanted.text, voices)
    found = []
    for part in parts:
        speaker = str((part.get("speechMetadata") or {}).get("speaker") or "")
        if set(part) - {"text", "speechMetadata"} or not str(part.get("text", "")).strip():
            raise invalid("Each part must have text.")
        if speaker not in voices:
            raise invalid(f"Speaker {speaker!r} does not match any of speaker_voice_configs.")
        found.append((str(part["text"]), voices[speaker]))
    return found


def turns_of_prompt(prompt: str, voices: dict[str, str]) -> list[Turn]:
    """What is read aloud: what stands after the first empty line."""
    text = prompt.partition("\n\n")[2]
    if len(voices) == 1:
        return [(line, *voices.values()) for line in text.split("\n")]
    return [(said, voices[speaker]) for speaker, said in TURN.findall(text)]


def seed_of(wanted: Wanted) -> int:
    """Another style, another sound."""
    styles = [(part.get("speechMetadata") or {}).get("style") for part in wanted.body["contents"][0]["parts"]]
    told = "".join(style or "" for style in styles)
    if wanted.model.startswith(BY_PROMPT):
        told = "".join(re.findall(r"\((.+)\)", wanted.text.partition("\n\n")[0]))
    return 1 + hashlib.sha256(told.encode()).digest()[2] % 8 if told else 0


@lru_cache(maxsize=8)
def speaker_of(folder: str) -> Speaker:
    return Joe(Path(folder)) if folder else Tone()


@lru_cache(maxsize=64)
def heard(turns: Sequence[Turn], folder: str, seed: int) -> Samples:
    """Turns one after the other, each after a pause of its own."""
    said: list[Samples] = []
    for text, voice in turns:
        samples, rate_hz = files.decoded(speaker_of(folder).speak(text, voice, seed).mp3)
        pause_s = 0.2 + 0.4 * hashlib.sha256(text.encode()).digest()[0] / 255
        said += [soxr.resample(samples, rate_hz, RATE_HZ), np.zeros(round(pause_s * RATE_HZ), dtype=np.float32)]
    return np.concatenate(said[:-1])
