"""How far the verdict can be trusted: recordings whose faults are known, heard by the real verification.

    python -m benchmarks.verification_quality                 104 damaged lines, 224 sound ones: some eight CPU minutes
    python -m benchmarks.verification_quality --rounds 8      twice as many damaged lines

Prints one JSON object: the share of damaged lines that were named, in all and by damage; what became of those that are
damaged subtly or mildly; the share of lines and of episodes of the sound recordings, and of sound lines between damaged
ones, that failed, with the share it is below with a confidence of 95 %; and every line that was judged wrongly. Exits
with 1 below 99 % named, or another sense noticed, above 1 % of sound lines failed, or when a sound episode has a failed
line.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from models.verdict import Verdict
from podmill.verification import verify
from tests import recordings
from tests.golden import hearing
from tests.golden.hearing import Case

NAMED_MIN: Final = 0.99
FALSE_MAX: Final = 0.01
SENSE: Final = ("renumbered", "negated")
SMALL: Final = hearing.SUBTLE | hearing.MILD


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification_quality")
    parser.add_argument("--rounds", type=int, default=4, help="Damaged recordings of each script.")
    parser.add_argument("--second", default="auto", help="The larger model; empty: none.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="podmill-bench-") as folder:
        figures = measure(Path(folder), rounds=given.rounds, second=given.second)
    print(json.dumps(figures, indent=2))
    sys.exit(
        min(figures["named"], figures["sense_noticed"]) < NAMED_MIN
        or max(figures["falsely_failed"], figures["between_falsely_failed"]) > FALSE_MAX
        or figures["sound_episodes_with_a_failed_line"] > 0
    )


def cases(rounds: int) -> Iterator[Case]:
    """Every script sound, in either cast, and as often damaged: each time other lines, each in another way. Half as
    often it is damaged subtly, a quarter as often mildly."""
    for name in (*hearing.SCRIPTS, "figures"):
        yield hearing.sound_case(name)
        yield hearing.sound_case(name, first=1)
    for number in range(rounds):
        for place, name in enumerate(hearing.SCRIPTS):
            yield hearing.damaged_case(name, number + 4 * place + number // 4)
    for kinds, times in ((hearing.SUBTLE, rounds // 2), (hearing.MILD, rounds // 4)):
        for number in range(times):
            for place, name in enumerate((*hearing.SCRIPTS, "figures")):
                yield hearing.damaged_case(name, number + place, every=2, kinds=tuple(kinds))


def below(found: int, of: int) -> float:
    """The share that a rate is below with a confidence of 95 %, after so many were found (Clopper and Pearson)."""
    low, high = found / of, 1.0
    while high - low > 1e-6:
        rate = (low + high) / 2
        chance = sum(math.comb(of, each) * rate**each * (1 - rate) ** (of - each) for each in range(found + 1))
        low, high = (rate, high) if chance > 0.05 else (low, rate)
    return round(high, 4)


def measure(folder: Path, *, rounds: int, second: str) -> dict[str, Any]:
    """Hear all recordings and count."""
    damaged: dict[str, list[bool]] = defaultdict(list)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    small: dict[str, Counter[str]] = defaultdict(Counter)
    episodes: list[Verdict] = []
    seconds = cpu_s = 0.0
    context = recordings.context(folder, transcriber_second_model=second)
    heard_by = set()
    for case in cases(rounds):
        texts = [line.text for line in case.lines]
        recording = recordings.record(
            [line.sound for line in case.lines],
            hearing.RATE_HZ,
            context.store,
            folder,
            voices=[f"piper:{line.speaker}" for line in case.lines],
        )
        began = time.process_time()
        verdict = verify(recordings.script(texts), recording, context)
        cpu_s += time.process_time() - began
        seconds += recording.duration_s
        heard_by |= {verdict.transcriber, verdict.second} - {""}
        if not case.damaged:
            episodes.append(verdict)
        for line in verdict.lines:
            damage = case.damaged.get(line.index)
            if damage in SMALL:
                small[damage]["failed" if not line.passed else "doubtful" if line.doubtful else "unnoticed"] += 1
            elif damage:
                damaged[damage].append(not line.passed)
                kinds[damage].update(fault.kind for fault in line.faults)
            else:
                where = "between" if case.damaged else "sound"
                counts.update({where: 1, f"{where}_failed": not line.passed, f"{where}_doubtful": line.doubtful})
            if line.passed == bool(damage) and not (line.doubtful and damage in SMALL):
                faults = "; ".join(f"{fault.kind}: {fault.said}" for fault in line.faults)
                wrong.append(f"{case.name} {line.index} {damage or 'sound'}: {texts[line.index]!r} {faults}")
    unnoticed = sum(small[name]["unnoticed"] for name in SENSE)
    named = [each for found in damaged.values() for each in found]
    return {
        "heard_by": sorted(heard_by),
        "damaged": len(named),
        "named": round(sum(named) / len(named), 4),
        "sound": counts["sound"],
        "falsely_failed": round(counts["sound_failed"] / counts["sound"], 4),
        "falsely_failed_below": below(counts["sound_failed"], counts["sound"]),
        "doubtful": round(counts["sound_doubtful"] / counts["sound"], 4),
        "between_damaged": counts["between"],
        "between_falsely_failed": round(counts["between_failed"] / counts["between"], 4),
        "between_falsely_failed_below": below(counts["between_failed"], counts["between"]),
        "sound_episodes_passed": f"{sum(bool(verdict.passed) for verdict in episodes)} of {len(episodes)}",
        "sound_episodes_with_a_failed_line": sum(any(not line.passed for line in each.lines) for each in episodes),
        "word_accuracy_of_sound": [round(verdict.word_accuracy or 0.0, 4) for verdict in episodes],
        "audio_s": round(seconds, 1),
        "cpu_s": round(cpu_s, 1),
        "by_damage": {
            name: {"named": f"{sum(found)} of {len(found)}", "as": dict(kinds[name].most_common())}
            for name, found in sorted(damaged.items())
        },
        "sense_noticed": round(1 - unnoticed / max(1, sum(small[name].total() for name in SENSE)), 4),
        "subtle_and_mild": {name: dict(found.most_common()) for name, found in sorted(small.items())},
        "judged_wrongly": wrong,
    }


if __name__ == "__main__":
    main()
