"""How exactly lines are found in sound whose times nobody told: python -m benchmarks.line_times

The local voice speaks thirty lines of a dialogue at two pitches, each by itself. They are put together in other orders
with pauses of other lengths, so that it is known when each is heard, and found again. Prints one JSON object: seconds
between the end or beginning of a line as it was found and as it is, and the same for time shared by length of text.
"""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from podmill.settings import Settings
from podmill.speech import pauses
from podmill.speech.engine import RequestLine, Samples, SpeechRequest, make

TALK: Final = """\
Hello and welcome back to the show. I am Joe, and today we talk about the box that changed the world.
And I am Kit. You mean the shipping container, don't you?
I do. In nineteen fifty-six, a ship called the Ideal X carried fifty-eight of them from Newark to Houston.
Only fifty-eight?
Only fifty-eight. But loading them cost sixteen cents a ton, where it had cost almost six dollars before, when men \
carried every sack and every barrel on their backs.
That is a drop of ninety-seven percent.
Right.
So why did nobody think of it earlier? Boxes are not exactly a new idea, after all.
They had. Railways in England used wooden boxes; the trouble was that no two companies agreed on a size.
Ah.
A box that fits one crane, one truck and one ship is only worth something if it fits all the others, too.
And that is where the standards come in, I suppose. Who set them?
A committee. It took ten years, and it nearly failed twice. In the end its corners, the small steel blocks that cranes \
hold on to, were given away for free by the man who owned the patent.
For free? That was generous.
It was clever. He owned the ships.
Let us talk about the people who lost their jobs, because that is the other half of this story.
Yes.
Some of them were paid to stay at home. Others moved away, and whole streets around the old piers fell silent.
The new port was built across the river, in New Jersey, where there was room to park the boxes.
How large is a large ship today?
The largest carry twenty-four thousand of them. Put end to end, the boxes of one would be a very long train.
And how many people are on board?
About twenty-five.
Twenty-five! My primary school had more teachers than that.
What I find remarkable is how quiet it all happened. There was no famous laboratory, and no prize.
Just a box.
Just a box, and a lot of meetings.
Meetings changed the world. I will tell my boss.
Do that. Thank you for listening, everybody. Next week we look at the barcode.
See you then. Goodbye!"""
VOICES: Final = ("piper:joe", "piper:joe@1.19")
PAUSES_S: Final = {
    "0.35": (0.35, 0.35),
    "0.15 to 0.8": (0.15, 0.8),
    "0.1 to 0.4": (0.1, 0.4),
    "0.05 to 0.2": (0.05, 0.2),
}
ORDERS: Final = 6
QUIET_DB: Final = 30.0
"""What is so far below the level of a line, at its ends, is no part of it."""
ROOM: Final = 10 ** (-65 / 20)
FAR_S: Final = 0.25


def spoken(folder: Path) -> tuple[list[tuple[RequestLine, Samples]], int]:
    """Each line by itself, without silence around it, and the samples a second."""
    engine = make("piper", Settings(home=folder))
    found = []
    for number, (text, voice) in enumerate(zip(TALK.split("\n"), itertools.cycle(VOICES), strict=False)):
        line = RequestLine(index=number, speaker=voice, voice=voice, text=text)
        raw = engine.speak(SpeechRequest(key="", engine="piper", language="en", lines=(line,)))
        size = raw.sample_rate_hz // 100
        power = np.square(raw.samples[: len(raw.samples) // size * size]).reshape(-1, size).mean(axis=1)
        heard = np.flatnonzero(power > power.mean() / 10 ** (QUIET_DB / 10))
        found.append((line, raw.samples[heard[0] * size : (heard[-1] + 1) * size]))
    return found, engine.capabilities.sample_rate_hz


def errors_s(
    lines: list[tuple[RequestLine, Samples]], rate_hz: int, pause_s: tuple[float, float], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Of the ends of lines that are followed by another, and of the beginnings of those: as found, and as shared."""
    parts, times, at = [], [], 0
    for number, (_, samples) in enumerate(lines):
        gap = np.zeros(round(rng.uniform(*pause_s) * rate_hz) if number else 0, dtype=np.float32)
        at += len(gap)
        times.append((at / rate_hz, (at + len(samples)) / rate_hz))
        at += len(samples)
        parts += [gap, samples]
    sound = np.concatenate(parts) + ROOM * rng.standard_normal(at).astype(np.float32)
    blocks = (sound[start : start + 65536] for start in range(0, at, 65536))
    edges = np.cumsum([0.0, *(pauses.weight(line.text) for line, _ in lines)])
    shared = list(itertools.pairwise(edges / edges[-1] * at / rate_hz))
    known = np.array(times)

    def off(told: object) -> np.ndarray:
        each = np.array(told)
        return np.asarray(np.abs(np.concatenate([each[1:, 0] - known[1:, 0], each[:-1, 1] - known[:-1, 1]])))

    return off(pauses.line_times([line for line, _ in lines], blocks, rate_hz)), off(shared)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines, rate_hz = spoken(Path(folder))
    figures = {}
    for name, pause_s in PAUSES_S.items():
        each = [np.random.default_rng(seed) for seed in range(ORDERS)]
        pairs = [errors_s([lines[at] for at in rng.permutation(len(lines))], rate_hz, pause_s, rng) for rng in each]
        found, shared = (np.concatenate(one) for one in zip(*pairs, strict=True))
        figures[f"pauses of {name} s"] = {
            "median_s": round(float(np.median(found)), 3),
            "worst_s": round(float(found.max()), 2),
            "far_share": round(float(np.mean(found > FAR_S)), 4),
            "shared_median_s": round(float(np.median(shared)), 2),
            "shared_worst_s": round(float(shared.max()), 2),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
