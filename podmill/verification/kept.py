"""What still holds of an earlier verdict: lines that sound as they did need not be heard again."""

from collections.abc import Collection

from models.recording import LineTime, Recording
from models.verdict import LineVerdict, Verdict


def kept(
    before: Verdict | None, recording: Recording, *, transcriber: str, strayed: Collection[int]
) -> dict[int, LineVerdict]:
    """Lines that passed and come from the take that was heard, with the times of this recording.

    A line that its take was cut beside is heard again: the cut may have gone into it.

    Args:
        before: None: nothing was heard yet.
        transcriber: who would hear them; what another one heard does not count.
        strayed: lines that are said in another voice than their speaker's, which nobody knew before.
    """
    if before is None or before.transcriber != transcriber:
        return {}
    heard = {line.index: line.time for line in before.lines if line.time}
    now = {time.index: time for time in recording.lines}
    same = {index for index, time in heard.items() if index in now and now[index].take == time.take}

    def is_beside_cut(index: int) -> bool:
        return any(
            each in heard and each not in same and heard[each].take == heard[index].take
            for each in (index - 1, index + 1)
        )

    return {
        line.index: _moved(line, heard[line.index], now[line.index])
        for line in before.lines
        if line.passed and line.index in same and line.index not in strayed and not is_beside_cut(line.index)
    }


def _moved(line: LineVerdict, before: LineTime, now: LineTime) -> LineVerdict:
    later_s = now.start_s - before.start_s
    faults = tuple(
        fault.model_copy(update={"start_s": fault.start_s + later_s, "end_s": fault.end_s + later_s})
        for fault in line.faults
    )
    return line.model_copy(update={"faults": faults, "time": now})
