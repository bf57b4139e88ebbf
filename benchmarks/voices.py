"""How well lines in a wrong voice are told: ``python -m benchmarks.voices FOLDER``.

The folder holds lines of several voices, ``VOICE-NUMBER.wav``, the same numbers for each. Every two voices make an
episode; in it every line in turn is replaced by that of every other voice. Prints one JSON object.
"""

import json
import sys
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import soundfile

from models.recording import LineTime
from podmill.quality.consistency import SpokenLine, listen, strayed, voices_of

Spoken = dict[str, list[SpokenLine]]


def spoken(folder: Path) -> Spoken:
    """The lines of each voice."""
    found: Spoken = defaultdict(list)
    for path in sorted(folder.glob("*-*.wav")):
        voice, _, _ = path.stem.rpartition("-")
        with soundfile.SoundFile(path) as file:
            time = LineTime(index=0, start_s=0, end_s=file.frames / file.samplerate, take="", voice=voice)
            found[voice] += listen(file, [time])
    return dict(found)


def episode(voices: Spoken, cast: tuple[str, str]) -> list[SpokenLine]:
    """All lines of two voices, numbered."""
    return [
        SpokenLine(at, line.voice, line.speech_s, line.embedding)
        for at, line in enumerate(line for voice in cast for line in voices[voice])
    ]


def length(seconds: float) -> str:
    return "under 0.8 s" if seconds < 0.8 else "0.8 to 1.5 s" if seconds < 1.5 else "1.5 s and more"


def main(folder: Path) -> None:
    voices = spoken(folder)
    sound, falsely = 0, 0
    wrong: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for cast in combinations(voices, 2):
        whole = episode(voices, cast)
        sound += len(whole)
        falsely += len(strayed(whole, voices_of(whole)))
        for place, line in enumerate(whole):
            for other in voices.keys() - {line.voice}:
                instead = voices[other][place % len(voices[other])]
                lines = list(whole)
                lines[place] = SpokenLine(line.index, line.voice, instead.speech_s, instead.embedding)
                kind = f"{'of the cast' if other in cast else 'stranger'}, {length(instead.speech_s)}"
                found = strayed(lines, voices_of(lines))
                wrong[kind] += 1
                named[kind] += line.index in found
                falsely += len(found.keys() - {line.index})
                sound += len(lines) - 1
    figures = {
        "voices": len(voices),
        "sound_lines": sound,
        "falsely_named": falsely,
        "wrong_lines": {kind: {"lines": wrong[kind], "named": named[kind]} for kind in sorted(wrong)},
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
