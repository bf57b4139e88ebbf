"""What every publishing target does: the contract of ``podmill.publishing.target.Target``."""

import datetime as dt
from pathlib import Path

import pytest

from podmill.publishing import TARGETS, publish
from podmill.publishing.target import Capabilities, Target
from podmill.registry import load
from tests.releases import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "studio")


@pytest.fixture(params=sorted(TARGETS))
def target(request: pytest.FixtureRequest) -> Target:
    made: Target = load(TARGETS, request.param, kind="publishing target")()
    assert made.name == request.param
    return made


def test_it_says_what_it_can_do(target: Target) -> None:
    """Capabilities are known before anything is published, and cannot be changed."""
    assert isinstance(target.capabilities, Capabilities)
    with pytest.raises(AttributeError):
        target.capabilities.local = False  # type: ignore[misc]


def test_its_publication_is_that_of_the_release(target: Target, studio: Studio) -> None:
    """Guid and moment are the release's; listeners get an address; paths are there when the copy is local."""
    release = studio.release()
    publication = target.publish(release, studio.context)

    assert (publication.target, publication.guid) == (target.name, release.guid)
    assert dt.datetime.fromisoformat(publication.published_at) == dt.datetime.fromisoformat(release.published_at)
    assert publication.url.startswith(("https://", "http://"))
    assert target.capabilities.local == bool(publication.path and Path(publication.path).is_file())
    assert not target.capabilities.feed or publication.feed_path


def test_publishing_twice_is_publishing_once(target: Target, studio: Studio) -> None:
    """A step that is run again gives the same publication and no second episode."""
    release = studio.release()

    assert target.publish(release, studio.context) == target.publish(release, studio.context)


def test_it_is_reached_by_its_name_in_the_settings(target: Target, studio: Studio) -> None:
    """PODMILL_TARGETS names it; naming it twice publishes once."""
    context = studio.context
    object.__setattr__(context, "settings", context.settings.model_copy(update={"targets": (target.name, target.name)}))

    assert [each.target for each in publish(studio.release(), context).items] == [target.name]
