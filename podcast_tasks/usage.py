"""What a step takes of the machine.

In a pool's child a step has the process for itself, and all that the process and the programs it runs take is the
step's. In threads (the steps that mostly wait for providers) it is what its own thread takes. Memory is that of the
process in either case, with all that ran in it before.
"""

import os
import resource
import sys
import threading
import time
from dataclasses import dataclass, field

from podcast_tasks import worker

UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""Of the peak that the system tells."""


def _cpu_s() -> float:
    return sum(os.times()[:4]) if worker.is_child() else time.thread_time()


@dataclass(frozen=True, slots=True)
class Usage:
    """Since a moment, as told by the thread that made it."""

    began_s: float = field(default_factory=_cpu_s)
    thread: int = field(default_factory=threading.get_ident)

    def so_far(self) -> dict[str, float]:
        """``cpu_s``, processor seconds: none of a thread that hangs, as another tells of it. ``peak_mb``: the most
        memory that the process, or one program it ran, ever had."""
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds)
        is_own = worker.is_child() or threading.get_ident() == self.thread
        return {"cpu_s": _cpu_s() - self.began_s if is_own else 0.0, "peak_mb": peak * UNIT_BYTES / 1e6}
