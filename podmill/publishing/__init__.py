"""Publishing: a release goes to every target that is set."""

from typing import Final

from models.publication import Publications
from models.release import Release
from podmill import registry
from podmill.context import StepContext
from podmill.errors import ConfigurationError
from podmill.publishing.addresses import podcast_guid
from podmill.publishing.target import Target
from podmill.settings import Settings

__all__ = ["TARGETS", "podcast_guid", "publish", "withdraw"]

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


def withdraw(guid: str, show: str, settings: Settings) -> None:
    """Take an episode down from every target in ``settings.targets``. Once more changes nothing.

    Args:
        guid: id of the episode.
        show: short name of its show.

    Raises:
        ConfigurationError: no target is set, or one is unknown.
        PublishError: it cannot be taken down from here.
        TransientError: it may be later.
    """
    for target in _targets(settings):
        target.withdraw(guid, show, settings)


def _targets(settings: Settings) -> list[Target]:
    names = tuple(dict.fromkeys(settings.targets))
    if not names:
        raise ConfigurationError("No publishing target is set.", action="Set PODMILL_TARGETS=folder.")
    return [registry.load(TARGETS, name, kind="publishing target")() for name in names]
