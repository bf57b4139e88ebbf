"""Programs that are forked from a process that has imported them: they run as if started, without the seconds it takes.

Everything else is theirs: environment, folder, session, output, signals, exit. That Podmill starts from nothing is
proven where `python -m` is called: test_node.py, test_batch.py, test_celery_commands.py and others.
"""

import atexit
import gc
import mmap
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final, NoReturn

CONTEXT: Final = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        *("tests.warm", "tests.workers", "pipelines.batch", "pipelines.recurring"),
        *(f"podcast_tasks.{each}" for each in ("research", "scripting", "cost_check", "synthesis", "verification")),
        *(f"podcast_tasks.{each}" for each in ("loudness", "publishing", "upkeep", "stopping", "recycling")),
        *(f"podmill.cli.{each}" for each in ("app", "backup", "produce", "status", "submit", "doctor")),
        *(
            "podmill.node",
            "podmill.report.terminal",
            "podmill.web.server",
            "podmill.scripting.ready_made",
            "podmill.research.web",
        ),
        *("podmill.speech.elevenlabs_account", "podmill.speech.wire", "podmill.speech.piper", "podmill.mastering"),
        *(
            "podmill.speech.elevenlabs",
            "podmill.speech.azure",
            "podmill.speech.minimax",
            "podmill.speech.openai_speech",
        ),
        *("celery.bin.celery", "celery.apps.beat", "celery.apps.worker", "celery.worker.consumer", "celery.app.amqp"),
        *("celery.app.events", "celery.app.routes", "kombu.transport.redis"),
        *("celery.concurrency.prefork", "celery.concurrency.solo", "celery.concurrency.thread"),
        *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "alembic.command"),
        *("alembic.autogenerate", "google.genai", "pyloudnorm", "charset_normalizer", "faster_whisper", "piper"),
    ]
)


class Forked:
    """One such process, with the manners of ``subprocess.Popen``. It leads a session of its own."""

    def __init__(self, program: Callable[..., object], *arguments: object) -> None:
        self._process: ForkServerProcess = CONTEXT.Process(target=program, args=arguments)
        # The process that they are forked from is nobody's: it must not be taken for one of this test's.
        homeless = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PODMILL_")}
        forkserver.ensure_running()
        os.environ.update(homeless)
        self._process.start()
        assert self._process.pid
        self.pid: Final = self._process.pid
        # Else the end of the tests would wait for what a failed test has left.
        util.Finalize(None, self.send_signal, (signal.SIGKILL,), exitpriority=1)

    @property
    def returncode(self) -> int | None:
        """Minus the number of the signal that killed it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float) -> int:
        """
        Raises:
            subprocess.TimeoutExpired: it has not ended.
        """
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """It, and the processes that it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def run(
    program: Sequence[str], env: Mapping[str, str], cwd: Path, seconds: float
) -> "subprocess.CompletedProcess[str]":
    """A program from its beginning to its end: a module as of ``python -m``, or ``-c`` and a text, and its arguments.

    Raises:
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix="podmill-warm-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        forked = start(program, env, cwd, out, err)
        try:
            code = forked.wait(seconds)
        finally:
            forked.kill_group()
        return subprocess.CompletedProcess(list(program), code, out.read_text(), err.read_text())


def start(program: Sequence[str], env: Mapping[str, str], cwd: Path, out: Path, err: Path | None = None) -> Forked:
    """A program that goes on by itself.

    Args:
        out: the file that its output is added to.
        err: the file of its standard error; None: the same.
    """
    for path in (out, err or out):
        path.touch()
    return Forked(_be, list(program), dict(env), str(cwd), str(out), str(err or out))


def settle(env: Mapping[str, str]) -> None:
    """In the child: nothing but this environment, and nothing that another one decided.

    Raises:
        RuntimeError: something that was imported has read the settings already.
    """
    from podcast_tasks import worker
    from podcast_tasks.app import app
    from podmill.settings import current

    if current.cache_info().currsize or app.configured:
        raise RuntimeError("Importing Podmill reads its settings.")
    gc.freeze()
    # It is shared with whatever is forked, which is to be a worker's children, not all the workers of the tests.
    worker._STOPPING = mmap.mmap(-1, 1)  # type: ignore[misc]
    resource_tracker._resource_tracker._fd = None  # what it leaves when it is killed is not told by the tests
    os.environ.clear()
    os.environ.update(env)


def _be(program: list[str], env: Mapping[str, str], cwd: str, out: str, err: str) -> NoReturn:
    os.setsid()
    settle(env)
    os.chdir(cwd)
    for path, number in ((out, 1), (err, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.argv = list(program)
    sys.path.insert(0, cwd)
    try:
        if program[0] == "-c":
            exec(sys.argv.pop(1), {"__name__": "__main__"})  # noqa: S102 - a test's own text
        else:
            runpy.run_module(program[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:  # noqa: BLE001 - as an interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    # As an interpreter ends, but for the second it takes to clear away what was imported.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
