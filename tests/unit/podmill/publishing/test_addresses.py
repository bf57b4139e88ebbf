import pytest

from podmill.errors import ConfigurationError, PublishError
from podmill.publishing import addresses


@pytest.mark.parametrize(
    ("feed_url", "guid"),
    [
        ("https://podnews.net/rss", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
        ("http://podnews.net/rss/", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
        ("https://mp3s.nashownotes.com/pc20rss.xml", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
    ],
)
def test_podcast_guid_is_that_of_the_namespace(feed_url: str, guid: str) -> None:
    """The guids of known feeds, as the podcast namespace documents them."""
    assert guid == addresses.podcast_guid(feed_url)


def test_folders_of_equal_titles_differ() -> None:
    """The guid tells two episodes of one title apart, also when guids begin alike."""
    names = {addresses.episode_folder("News", f"0193aaaa-{number}", ()) for number in range(100)}

    assert len(names) == 100


def test_a_folder_that_is_taken_is_not_given_again() -> None:
    """When the short hashes of two guids collide, the later episode gets a longer one."""
    first = addresses.episode_folder("News", "guid", ())
    second = addresses.episode_folder("News", "guid", {first})

    assert second.startswith(first)
    assert first != second


@pytest.mark.parametrize("slug", ["..", "a/b", "", "_assets", ".git", "A", "a--b", "a-"])
def test_a_show_cannot_be_published_outside_its_folder(slug: str) -> None:
    """A short name that is no plain folder name is refused."""
    with pytest.raises(PublishError, match="folder of a show"):
        addresses.Site.of("https://example.org", slug)


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://example.org", "https://example.org/?a", "https://example.org/#a"]
)
def test_the_public_address_must_be_one(url: str) -> None:
    """What listeners' addresses begin with must be http or https, without query or fragment."""
    with pytest.raises(ConfigurationError, match="public_url"):
        addresses.Site.of(url, "show")


def test_addresses_of_a_site_below_a_path() -> None:
    """A public address may have a path; slashes are single."""
    site = addresses.Site.of("https://example.org/pods/", "show")

    assert site.feed == "https://example.org/pods/show/feed.xml"
    assert site.episode("x") == "https://example.org/pods/show/episodes/x/"
