"""A service does not outlive a supervisor that was killed."""

import os
import subprocess
import sys

import psutil

from podmill.node import leash

SUPERVISED = """
import sys, time
from pathlib import Path
from podmill.node.service import Service
from podmill.node.supervisor import Supervisor

supervisor = Supervisor(Path(sys.argv[1]), {})
supervisor.start(Service("sleeper", (sys.executable, "-c", "import time; time.sleep(600)")))
print(supervisor.pids()["sleeper"], flush=True)
time.sleep(600)
"""


def test_what_a_killed_supervisor_started_ends(tmp_path):
    """SIGKILL of the supervisor ends its services too."""
    command = [sys.executable, "-c", SUPERVISED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        service = psutil.Process(int(supervisor.stdout.readline()))
        # Once it sleeps it is on its leash.
        while "leash" in " ".join(service.cmdline()):
            pass
        supervisor.kill()

    service.wait(10)


def test_a_command_whose_supervisor_is_gone_is_not_run(tmp_path):
    """The supervisor may die between starting a service and the service's wish to die with it."""
    ran = tmp_path / "ran"
    command = [sys.executable, leash.__file__, str(os.getpid() + 1), "touch", str(ran)]

    subprocess.run(command, check=True, timeout=10)

    assert not ran.exists()
