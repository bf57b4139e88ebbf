"""A passage of a recording, cut out to be heard."""

import io
from typing import Final

from models.recording import Recording
from podmill.context import ArtifactStore
from podmill.errors import InputError, StoreError

AROUND_S: Final = 2.0
"""Before and after a line: enough to hear how it joins its neighbours."""
LONGEST_S: Final = 120.0
FORMATS: Final = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3"}
"""By the ending of a file's name."""
_KNOWN: Final = f"Known: {', '.join(FORMATS)}."


def cut(recording: Recording, line: int, store: ArtifactStore, *, suffix: str = ".wav") -> bytes:
    """A line with what is heard right before and after it, as a sound file of at most ``LONGEST_S``.

    Args:
        line: index, from 0.

    Raises:
        InputError: the recording has no such line, or the kind of file is unknown.
        StoreError: its sound is gone or damaged.
    """
    import soundfile

    time = next((each for each in recording.lines if each.index == line), None)
    if time is None:
        raise InputError(f"Line {line + 1} is not in the recording.", field="line")
    if suffix not in FORMATS:
        raise InputError(f"A passage is not written as {suffix or 'a file without an ending'!r}.", action=_KNOWN)
    start_s, end_s = max(time.start_s - AROUND_S, 0.0), time.end_s + AROUND_S
    out = io.BytesIO()
    try:
        with soundfile.SoundFile(store.path(recording.sound)) as sound:
            rate_hz = sound.samplerate
            sound.seek(min(round(start_s * rate_hz), sound.frames))
            samples = sound.read(round(min(end_s - start_s, LONGEST_S) * rate_hz), dtype="float32")
        soundfile.write(out, samples, rate_hz, format=FORMATS[suffix])
    except soundfile.SoundFileError as exc:
        raise StoreError(
            f"The recording cannot be read: {exc}", action="Speak it again: podmill review respeak"
        ) from exc
    return out.getvalue()
