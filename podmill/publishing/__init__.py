"""Publishing: a release goes to every target that is set."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from models.publication import Publications
from models.release import Release
from podmill import registry
from podmill.context import StepContext
from podmill.errors import ConfigurationError
from podmill.publishing.addresses import podcast_guid
from podmill.publishing.target import Target
from podmill.settings import Settings

__all__ = ["TARGETS", "podcast_guid", "publish", "withdrawal"]

TARGETS: Final = {"folder": "podmill.publishing.folder:FolderTarget"}
"""Publishing targets by the name that ``PODMILL_TARGETS`` uses."""


def publish(release: Release, context: StepContext) -> Publications:
    """Publish one episode to every target in ``settings.targets``, in that order.

    Publishing a release again changes nothing and returns the same publications, so a step that died half-way is
    simply run again.

    Raises:
        ConfigurationError: no target is set, or one is unknown; nothing was published.
        PublishError: a target refused the episode; targets before it have it.
        StoreError: the store lost a file of the episode.
        DiskFullError: there is no room for the files.
    """
    targets = _targets(context.settings)
    return Publications(items=tuple(target.publish(release, context) for target in targets))


@contextmanager
def withdrawal(show: str, settings: Settings) -> Iterator[Callable[[str], None]]:
    """Hold a show at every target in ``settings.targets``; gives what takes an episode of it down, by its guid.

    To hold it may take minutes. Taking down once more changes nothing.

    Raises:
        ConfigurationError: no target is set, or one is unknown.
        PublishError: it cannot be taken down from here.
        TransientError: it may be later.
    """
    with ExitStack() as held:
        all_of_them = [held.enter_context(target.withdrawal(show, settings)) for target in _targets(settings)]

        def withdraw(guid: str) -> None:
            for each in all_of_them:
                each(guid)

        yield withdraw


def _targets(settings: Settings) -> list[Target]:
    names = tuple(dict.fromkeys(settings.targets))
    if not names:
        raise ConfigurationError("No publishing target is set.", action="Set PODMILL_TARGETS=folder.")
    return [registry.load(TARGETS, name, kind="publishing target")() for name in names]
