"""What differs when Celery's own command line runs this app: plain messages, and Flower closed to strangers."""

import logging

import click

from podmill import nodefile
from podmill.errors import ConfigurationError
from podmill.settings import current

log = logging.getLogger(__name__)


def command() -> str | None:
    """The Celery command under way (``worker``, ``beat``, ``flower``); None in any other program."""
    context = click.get_current_context(silent=True)
    return context.command.name if context and context.find_root().command.name == "celery" else None


def refusal(error: ConfigurationError) -> Exception:
    """The error itself; under the Celery command line what it prints as one line instead of a traceback."""
    if command() is None:
        return error
    return _Refused(str(error))


class _Refused(click.ClickException):
    exit_code = ConfigurationError.exit_code


def close_flower(**_: object) -> None:
    """Flower's own defaults are every interface, no password, and metrics for everybody even with one.

    It sends this signal after it has read its options and before it listens, so what a person set is kept.
    """
    if command() != "flower":
        return
    from flower.views.monitor import Metrics
    from tornado.options import options
    from tornado.web import authenticated

    settings = current()
    Metrics.get = authenticated(Metrics.get)
    if not options.address:
        options.address = "127.0.0.1"
    if not (options.basic_auth or options.auth):
        options.basic_auth = [f"{settings.flower_user}:{nodefile.password(settings, settings.flower_password)}"]
        origin = "that is set" if settings.flower_password else f"in {nodefile.password_file(settings)}"
        log.info("Flower asks for the user %s and the password %s", settings.flower_user, origin)
