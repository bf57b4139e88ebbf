import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from podmill.errors import ConfigurationError, LeaseLostError, PublishError, StoreError
from podmill.publishing import files, publish, withdrawal
from podmill.publishing.feed import NAMESPACES
from podmill.publishing.folder import read_show
from podmill.settings import Settings
from tests.releases import SHOW, Studio, mp3


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def withdraw(guid: str, show: str, settings: Settings) -> None:
    with withdrawal(show, settings) as take_down:
        take_down(guid)


def feed_items(studio: Studio) -> list[etree._Element]:
    return etree.parse(studio.show_dir / "feed.xml").findall("channel/item")


def test_everything_a_listener_needs_is_in_the_folder(studio: Studio) -> None:
    """Audio, transcripts, chapters, notes, record, feed, show page and cover lie where they are said to."""
    [publication] = publish(studio.release(), studio.context).items
    folder = "night-sky/episodes/the-moon-is-leaving-6583cba4"
    names = {name for name in snapshot(studio.settings.public) if name.startswith("night-sky")}

    assert names == {
        "night-sky/.lock",
        "night-sky/cover-14a986ba.jpg",
        "night-sky/feed.xml",
        "night-sky/index.html",
        "night-sky/show.json",
        *(f"{folder}/{name}" for name in ("chapters.json", "index.html", "item.json", "the-moon-is-leaving.mp3")),
        *(f"{folder}/transcript.{kind}" for kind in ("json", "srt", "vtt")),
    }
    assert publication.url == f"https://podcasts.example.org/{folder}/"
    assert Path(publication.path or "").read_bytes() == mp3()
    assert Path(publication.transcript_path or "").read_bytes().startswith(b"WEBVTT")
    assert publication.feed_path == str(studio.show_dir / "feed.xml")
    assert (publication.guid, publication.published_at) == ("0193-first", "2026-11-21T04:37:13+00:00")


def test_the_enclosure_has_the_bytes_it_says(studio: Studio) -> None:
    """The feed's length and address are those of the file."""
    [publication] = publish(studio.release(), studio.context).items
    enclosure = feed_items(studio)[0].find("enclosure")

    assert int(enclosure.get("length")) == Path(publication.path or "").stat().st_size == len(mp3())
    assert enclosure.get("url").removeprefix("https://podcasts.example.org/") == str(
        Path(publication.path or "").relative_to(studio.settings.public)
    )


def test_publishing_again_changes_nothing(studio: Studio) -> None:
    """The same release again leaves every byte and every time as it was, and gives the same publication."""
    publish(studio.release("other", "Another"), studio.context)
    first = publish(studio.release(), studio.context)
    before = snapshot(studio.settings.public)
    again = publish(studio.release(), studio.context)

    assert again == first
    assert snapshot(studio.settings.public) == before


def test_an_episode_keeps_its_addresses_under_a_new_title(studio: Studio) -> None:
    """A corrected title and audio appear in the feed once, at the address that listeners have."""
    first = publish(studio.release(), studio.context).items[0]
    second = publish(studio.release(title="The Moon is going", tone_hz=880), studio.context).items[0]
    [item] = feed_items(studio)

    assert (second.url, second.path) == (first.url, first.path)
    assert item.findtext("title") == "The Moon is going"
    assert Path(second.path or "").read_bytes() == mp3(880)
    assert int(item.find("enclosure").get("length")) == len(mp3(880))


def test_two_episodes_of_one_title_are_two(studio: Studio) -> None:
    """Equal titles neither share a folder nor an address."""
    urls = {publish(studio.release(guid, "News"), studio.context).items[0].url for guid in ("0193a-1", "0193a-2")}

    assert len(urls) == 2
    assert len(feed_items(studio)) == 2


def test_private_paths_stay_private(studio: Studio) -> None:
    """The path by which a person named a source is in nothing that is published."""
    publish(studio.release(), studio.context)

    assert not [name for name, (data, _) in snapshot(studio.settings.public).items() if b"/private/" in data]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": "Astrology"}, "'Astrology' is not a podcast category"),
        ({"language": "English"}, "not a language code"),
        ({"guid": "night-sky"}, "not a UUID"),
    ],
)
def test_a_show_that_directories_refuse_is_not_published(studio: Studio, changes: dict[str, str], message: str) -> None:
    """The feed is judged before anything is written, so the next episode of the corrected show goes out."""
    with pytest.raises(PublishError, match=message):
        publish(studio.release(show=SHOW.model_copy(update=changes)), studio.context)

    assert [path.name for path in studio.show_dir.iterdir()] == [".lock"]
    publish(studio.release(), studio.context)


def test_a_damaged_record_stops_publishing_and_is_named(studio: Studio) -> None:
    """An episode is never dropped from the feed in silence because its record cannot be read."""
    publish(studio.release(), studio.context)
    before = (studio.show_dir / "feed.xml").read_bytes()
    [record] = studio.show_dir.glob("episodes/*/item.json")
    record.write_text(json.dumps({"guid": "x"}))

    with pytest.raises(PublishError, match=r"item\.json is damaged"):
        publish(studio.release("second"), studio.context)
    assert (studio.show_dir / "feed.xml").read_bytes() == before


def test_what_the_store_lost_is_not_published(studio: Studio) -> None:
    """An episode whose audio is gone does not reach the feed."""
    release = studio.release()
    studio.store.path(release.master.audio).unlink()

    with pytest.raises(StoreError, match="does not hold"):
        publish(release, studio.context)
    assert not (studio.show_dir / "feed.xml").exists()


@pytest.mark.parametrize("calls", range(1, 8))
def test_a_publisher_stopped_anywhere_is_made_up_for(studio: Studio, calls: int) -> None:
    """After a stop at any point the next try publishes the same as one that was never stopped."""
    left = calls

    def stop(_share: float, _text: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise LeaseLostError("stopped")

    context = studio.context
    object.__setattr__(context, "progress", stop)
    with pytest.raises(LeaseLostError):
        publish(studio.release(), context)
    publish(studio.release(), studio.context)
    whole = Studio(studio.home.with_name("whole"))
    publish(whole.release(), whole.context)

    assert {name: data for name, (data, _) in snapshot(studio.settings.public).items()} == {
        name: data for name, (data, _) in snapshot(whole.settings.public).items()
    }


def test_no_target_is_a_configuration_error(studio: Studio) -> None:
    """Publishing to nowhere is noticed before anything happens, as is an unknown target."""
    for targets, message in (((), "No publishing target"), (("folder", "gopher"), "'gopher'")):
        context = studio.context
        object.__setattr__(context, "settings", context.settings.model_copy(update={"targets": targets}))
        with pytest.raises(ConfigurationError, match=message):
            publish(studio.release(), context)
    assert not studio.settings.public.exists()


def test_what_is_published_can_be_read_back(studio: Studio) -> None:
    """The folder holds the show and its items; another folder holds none."""
    publish(studio.release(), studio.context)
    found = read_show(studio.show_dir)

    assert found
    assert found[0] == SHOW
    assert [item.guid for item in found[1]] == ["0193-first"]
    assert read_show(studio.settings.public) is None


PUBLISHER = """
import sys
from pathlib import Path
from podmill.publishing import publish
from tests.releases import Studio
studio = Studio(Path(sys.argv[1]))
for guid in sys.argv[2:]:
    publish(studio.release(guid, published_at=f"2026-11-21T00:00:0{guid}Z"), studio.context)
"""


def test_eight_episodes_from_four_processes_are_all_in_the_feed(studio: Studio) -> None:
    """Publishers at work at once lose none of each other's episodes."""
    root = str(Path(__file__).parents[4])
    command = [sys.executable, "-c", PUBLISHER, str(studio.home)]
    running = [
        subprocess.Popen([*command, str(first), str(first + 4)], cwd=root, env={**os.environ, "PYTHONPATH": root})
        for first in range(4)
    ]

    assert [process.wait(120) for process in running] == [0, 0, 0, 0]
    assert [item.findtext("guid") for item in feed_items(studio)] == list("76543210")
    assert len(etree.parse(studio.show_dir / "feed.xml").findall("channel/item/podcast:chapters", NAMESPACES)) == 8
    assert len(list(studio.show_dir.rglob(".incoming-*"))) == 0


def test_an_episode_is_taken_down(studio: Studio) -> None:
    """Its files are gone, feed and page tell only of the others; the last one takes the feed along."""
    publish(studio.release(), studio.context)
    publish(studio.release("second", "The sun"), studio.context)
    withdraw("second", "night-sky", studio.settings)
    withdraw("second", "night-sky", studio.settings)

    assert [item.findtext("guid") for item in feed_items(studio)] == ["0193-first"]
    assert [path.name for path in (studio.show_dir / "episodes").iterdir()] == ["the-moon-is-leaving-6583cba4"]
    assert "The sun" not in (studio.show_dir / "index.html").read_text()

    withdraw("0193-first", "night-sky", studio.settings)
    left = {path.name for path in studio.show_dir.rglob("*") if path.is_file()}
    assert {name for name in left if not name.startswith("cover-")} == {".lock"}
    withdraw("0193-first", "night-sky", studio.settings)
    with pytest.raises(PublishError, match="cannot be taken down"):
        withdraw("0193-first", "day-sky", studio.settings)


@pytest.mark.parametrize(("broken", "name"), [(Path, "unlink"), (Path, "rmdir"), (files, "write"), (shutil, "rmtree")])
@pytest.mark.parametrize("guid", ["0193-first", "second"])
def test_a_withdrawal_that_was_stopped_is_finished(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, broken: object, name: str, guid: str
) -> None:
    """Wherever the disk fails: once more, and neither feed, page nor files tell of the episode."""
    publish(studio.release(), studio.context)
    if guid == "second":
        publish(studio.release("second", "The sun"), studio.context)
    (folder,) = studio.show_dir.glob(f"episodes/{'the-sun' if guid == 'second' else 'the-moon'}-*")
    # As another version may have named it: only its record says whose it is.
    folder = folder.rename(folder.with_name("by-hand"))
    record = folder / "item.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"folder": folder.name}))
    (folder / "thumbnails").mkdir()
    whole, calls, fails_at = getattr(broken, name), 0, 0

    def fails(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise PermissionError("The disk says no.")
        return whole(*args, **options)

    monkeypatch.setattr(broken, name, fails)
    while True:
        calls, fails_at = 0, fails_at + 1
        try:
            withdraw(guid, "night-sky", studio.settings)
        except PublishError:
            continue
        break
    monkeypatch.undo()

    withdraw(guid, "night-sky", studio.settings)
    assert list(folder.rglob("*")) == []
    shown = "".join(path.read_text() for path in studio.show_dir.glob("*.*") if path.suffix in (".xml", ".html"))
    assert folder.name not in shown
    assert ("0193-first" in shown) == (guid == "second")


def test_what_a_killed_publisher_left_is_taken_down(studio: Studio) -> None:
    """There is audio and no record of it yet; what is another's stays."""
    publish(studio.release(), studio.context)
    publish(studio.release("second", "The sun"), studio.context)
    (folder,) = studio.show_dir.glob("episodes/the-sun-*")
    (folder / "item.json").unlink()
    withdraw("second", "night-sky", studio.settings)

    assert not folder.exists()
    assert [item.findtext("guid") for item in feed_items(studio)] == ["0193-first"]


def test_a_feed_is_not_lost_with_the_record_of_its_show(studio: Studio) -> None:
    """Without it no feed can be made of the others: nothing is touched, and nobody is told that it was done."""
    publish(studio.release(), studio.context)
    publish(studio.release("second", "The sun"), studio.context)
    (studio.show_dir / "show.json").unlink()
    with pytest.raises(PublishError, match=r"show\.json is missing"):
        withdraw("second", "night-sky", studio.settings)
    assert len(feed_items(studio)) == 2

    publish(studio.release(), studio.context)
    withdraw("second", "night-sky", studio.settings)
    withdraw("0193-first", "night-sky", studio.settings)
    assert not (studio.show_dir / "feed.xml").exists()
