"""Publishing: a release goes to every target that is set."""

from typing import Final

from models.publication import Publications
from models.release import Release
from podmill import registry
from podmill.context import StepContext
from podmill.errors import ConfigurationError
from podmill.publishing.addresses import podcast_guid
from podmill.publishing.target import Target

__all__ = ["TARGETS", "podcast_guid", "publish"]

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
    names = tuple(dict.fromkeys(context.settings.targets))
    if not names:
        raise ConfigurationError("No publishing target is set.", action="Set PODMILL_TARGETS=folder.")
    targets: list[Target] = [registry.load(TARGETS, name, kind="publishing target")() for name in names]
    return Publications(items=tuple(target.publish(release, context) for target in targets))
