import email.utils
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.releases import Studio, mp3

AUDIO = "/night-sky/episodes/the-moon-is-leaving-6583cba4/the-moon-is-leaving.mp3"
FEED = "/night-sky/feed.xml"
SIZE = len(mp3())


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=100-199", 100, 199),
        (f"bytes={SIZE - 10}-", SIZE - 10, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        (f"bytes=-{SIZE + 5}", 0, SIZE - 1),
        (f"bytes=0-{SIZE + 5}", 0, SIZE - 1),
        ("Bytes=5-5", 5, 5),
    ],
)
def test_a_range_gets_its_bytes(client: TestClient, asked: str, first: int, last: int) -> None:
    """First to last, from a place on, or the end: 206 with exactly those bytes."""
    response = client.get(AUDIO, headers={"Range": asked})

    assert response.status_code == 206
    assert response.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert int(response.headers["content-length"]) == last - first + 1
    assert response.content == mp3()[first : last + 1]
    assert response.headers["content-type"] == "audio/mpeg"
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 9}-{SIZE + 10}", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client: TestClient, asked: str) -> None:
    """416 with the size, so that a player can ask again."""
    response = client.get(AUDIO, headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"
    assert response.content == b""


@pytest.mark.parametrize(
    "asked", ["", "bytes", "bytes=", "bytes=a-b", "bytes=5-1", "lines=0-1", "bytes=0-1,3-4", f"bytes={10**40}-"]
)
def test_a_range_that_is_none_gets_the_whole_file(client: TestClient, asked: str) -> None:
    """Malformed ranges, other units and several ranges are ignored, as RFC 9110 allows."""
    response = client.get(AUDIO, headers={"Range": asked})

    assert response.status_code == 200
    assert response.content == mp3()


def test_head_ignores_ranges(client: TestClient) -> None:
    """Ranges are defined for GET alone: HEAD tells of the whole file."""
    response = client.head(AUDIO, headers={"Range": "bytes=0-1"})

    assert response.status_code == 200
    assert response.headers["accept-ranges"] == "bytes"
    assert int(response.headers["content-length"]) == SIZE


def test_a_download_is_taken_up_only_while_the_file_is_the_same(client: TestClient) -> None:
    """If-Range with the present tag or date gets the rest, with another the whole file."""
    known = client.head(AUDIO).headers
    etag = known["etag"]
    for condition, status in ((etag, 206), (known["last-modified"], 206), ('"other"', 200), (f"W/{etag}", 200)):
        response = client.get(AUDIO, headers={"Range": "bytes=10-", "If-Range": condition})

        assert response.status_code == status


@pytest.mark.parametrize("path", [FEED, AUDIO, "/night-sky/"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"a", {}', "*"])
def test_what_the_reader_has_is_not_sent_again(client: TestClient, path: str, form: str) -> None:
    """If-None-Match with the present tag: 304 without a body, with the tag and the caching rules."""
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": form.format(first.headers["etag"]), "Range": "bytes=0-1"})

    assert again.status_code == 304
    assert again.content == b""
    for name in ("etag", "cache-control", "last-modified"):
        assert again.headers[name] == first.headers[name]
    assert "content-type" not in again.headers
    assert "content-length" not in again.headers


def test_dates_are_heeded_where_there_is_no_tag(client: TestClient) -> None:
    """If-Modified-Since works alone, loses to If-None-Match, and is ignored when it is no date."""
    modified = client.get(FEED).headers["last-modified"]
    earlier = email.utils.formatdate(email.utils.parsedate_to_datetime(modified).timestamp() - 1, usegmt=True)

    assert client.get(FEED, headers={"If-Modified-Since": modified}).status_code == 304
    assert client.get(FEED, headers={"If-Modified-Since": earlier}).status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": modified, "If-None-Match": '"x"'}).status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": "yesterday"}).status_code == 200
    assert client.get(FEED, headers={"If-Modified-Since": ""}).status_code == 200


def test_a_file_that_was_replaced_has_another_tag(client: TestClient, studio: Studio) -> None:
    """New bytes are new even when size and time are those of the old."""
    feed = studio.show_dir / "feed.xml"
    first = client.get(FEED)
    times = feed.stat()
    replacement = Path(f"{feed}.new")
    replacement.write_bytes(feed.read_bytes().replace(b"Moon", b"Noon"))
    os.utime(replacement, ns=(times.st_atime_ns, times.st_mtime_ns))
    replacement.replace(feed)
    second = client.get(FEED, headers={"If-None-Match": first.headers["etag"]})

    assert second.status_code == 200
    assert b"Noon" in second.content


def test_a_file_that_may_not_be_read_is_not_there(
    client: TestClient, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that vanishes between the look and the opening is a 404, not a fault of the server."""
    real = Path.open

    def vanished(self: Path, *args: str) -> object:
        if self.name == "feed.xml":
            raise PermissionError(13, "Permission denied")
        return real(self, *args)

    monkeypatch.setattr(Path, "open", vanished)

    assert client.get(FEED).status_code == 404
