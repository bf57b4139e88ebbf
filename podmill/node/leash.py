"""Runs a command that the kernel kills when the supervisor dies: ``python leash.py SUPERVISOR-PID COMMAND...``

A program of its own, because the wish must be made by the child itself, and code of ours between fork and exec in a
process of many threads can hang for ever on a lock that another thread held.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(supervisor_pid: int, command: list[str]) -> None:
    """Become the command, under this process id."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before the wish was made.
    if os.getppid() == supervisor_pid:
        os.execvp(command[0], command)  # noqa: S606 - a command line of the supervisor's


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
