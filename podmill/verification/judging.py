"""From what was heard of a line, and how it sounds, to what is wrong with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.recording import LineTime
from models.verdict import Fault, FaultKind, LineVerdict
from podmill.verification import pace
from podmill.verification.faults import Slip
from podmill.verification.metrics import LineScore
from podmill.verification.signals import Signal


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one line."""

    score: LineScore
    slips: Sequence[Slip]
    time: LineTime | None
    """None: the recording does not have it."""
    signal: Signal | None = None
    silent: bool = False
    ratio: float | None = None
    """Of its duration over the expected one; None: there is nothing to expect."""
    gap_s: float = 0.0
    """To the next line."""
    swapped: int | None = None
    """The line that is heard in its place."""
    language: str | None = None
    """The one it is spoken in, where that is another than the script's."""
    strayed: bool = False
    """It is said in another voice than its speaker's."""


def line_verdict(evidence: Evidence) -> LineVerdict:
    """A line passes when nothing is certain to be wrong with it; what is less than certain makes it doubtful."""
    line = evidence.score
    certain = [*_in_words(evidence), *_in_sound(evidence)]
    uncertain = [slip.fault() for slip in evidence.slips if not slip.fails]
    return LineVerdict(
        index=line.index,
        word_accuracy=line.word_accuracy,
        words=len(line.words),
        heard=" ".join(line.heard),
        missing=line.missing,
        added=line.added,
        passed=not certain,
        faults=tuple(certain or uncertain),
        time=evidence.time,
    )


def _in_words(evidence: Evidence) -> list[Fault]:
    """What says most of a line stands for all that follows from it."""
    line, time = evidence.score, evidence.time
    if time is None:
        return [Fault(kind="missing", said=" ".join(line.words), start_s=0.0, end_s=0.0)] if line.words else []
    failing = [slip for slip in evidence.slips if slip.fails]
    if evidence.silent and not line.heard:
        return [_whole("silent", "nobody speaks", time)]
    if evidence.swapped is not None:
        return [_whole("swapped", f"line {evidence.swapped + 1} is said in its place", time)]
    if evidence.language is not None and failing:
        return [_whole("language", f"it is spoken in {evidence.language!r}", time)]
    return [slip.fault() for slip in failing]


def _in_sound(evidence: Evidence) -> list[Fault]:
    time, signal, ratio = evidence.time, evidence.signal, evidence.ratio
    if time is None or evidence.silent:
        return []
    found = []
    if signal and signal.noisy:
        found.append(_whole("noise", f"only {signal.contrast_db:.0f} dB between its loud and its quiet parts", time))
    elif signal and signal.cut:
        said = f"the sound falls by {signal.drop_db:.0f} dB at once"
        found.append(Fault(kind="cut_off", said=said, start_s=max(time.start_s, time.end_s - 0.5), end_s=time.end_s))
    if signal and signal.clipped:
        found.append(_whole("clipped", f"{signal.flat:.0%} of it is at its peak", time))
    if evidence.strayed:
        found.append(_whole("voice", "it sounds like somebody else", time))
    if ratio is not None and not pace.FAST_MIN <= ratio <= pace.SLOW_MAX:
        found.append(_whole("speed", f"it takes {ratio:.2f} times the expected time", time))
    if evidence.gap_s > pace.GAP_MAX_S:
        said = f"nothing follows for {evidence.gap_s:.1f} s"
        found.append(Fault(kind="pause", said=said, start_s=time.end_s, end_s=time.end_s + evidence.gap_s))
    return found


def _whole(kind: FaultKind, said: str, time: LineTime) -> Fault:
    return Fault(kind=kind, said=said, start_s=time.start_s, end_s=time.end_s)


def worst_first(lines: Iterable[LineVerdict], threshold: float) -> tuple[int, ...]:
    """Lines that failed; where none did, those whose words are below a threshold; the worst first."""
    known = tuple(lines)
    failed = [line for line in known if not line.passed]
    bad = failed or [line for line in known if line.word_accuracy < threshold]
    return tuple(line.index for line in sorted(bad, key=lambda line: (line.word_accuracy, line.index)))
