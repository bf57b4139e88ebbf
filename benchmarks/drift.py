"""How often the drift chart cries wolf, and how soon it sees a change: ``python -m benchmarks.drift``.

Scores that do not change, drawn from spreads of every shape with one seed, are charted until the first alarm; then the
same with a shift after 30 and after 100 episodes. Prints one JSON object.
"""

import json
import statistics
from collections.abc import Callable
from random import Random
from typing import Final

from podmill.report.drift import EPISODES_MIN, LIMIT, WEIGHT, first_alarm

SEED: Final = 20261121
RUNS: Final = 2000
EPISODES: Final = 1000
SHIFTS: Final = (1.0, 2.0)
"""In standard deviations."""
BEFORE: Final = (30, 100)

SPREADS: Final[dict[str, Callable[[Random], float]]] = {
    "normal": lambda random: random.gauss(0, 1),
    "skewed (beta 20, 1: word accuracy)": lambda random: random.betavariate(20, 1),
    "heavy tails (t, 3 degrees)": lambda random: random.gauss(0, 1) / (random.gammavariate(1.5, 2) / 3) ** 0.5,
    "many ties (ten values)": lambda random: round(random.betavariate(5, 2), 1),
}


def false_alarms(draw: Callable[[Random], float]) -> dict[str, float]:
    random = Random(SEED)  # noqa: S311 - reproducible on purpose
    heard = [first_alarm([draw(random) for _ in range(EPISODES)]) for _ in range(RUNS)]
    alarms = [alarm[0] + 1 for alarm in heard if alarm is not None]
    episodes = sum(alarms) + EPISODES * (RUNS - len(alarms))
    return {
        "false_alarms_per_1000_episodes": round(1000 * len(alarms) / episodes, 3),
        "shows_with_one_in_100_episodes": round(sum(at <= 100 for at in alarms) / RUNS, 4),
    }


def delay(shift: float, before: int) -> dict[str, float]:
    random = Random(SEED)  # noqa: S311 - reproducible on purpose
    delays = []
    for _ in range(RUNS):
        values = [random.gauss(shift if at >= before else 0, 1) for at in range(before + 100)]
        alarm = first_alarm(values)
        if alarm is None:
            delays.append(100)
        elif alarm[0] >= before:
            delays.append(alarm[0] + 1 - before)
    return {
        "median_episodes": statistics.median(delays),
        "found_within_100": round(sum(delay < 100 for delay in delays) / len(delays), 3),
    }


def main() -> None:
    figures = {
        "chart": {"weight": WEIGHT, "limit": LIMIT, "episodes_min": EPISODES_MIN, "runs": RUNS, "seed": SEED},
        "no change": {name: false_alarms(draw) for name, draw in SPREADS.items()},
        "change": {f"{shift:g} sd after {before}": delay(shift, before) for shift in SHIFTS for before in BEFORE},
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
