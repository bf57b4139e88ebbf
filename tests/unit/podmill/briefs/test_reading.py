"""What each kind of file becomes, and what is refused with which place."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from podmill.briefs import Submission, read_submission, read_submissions
from podmill.errors import InputError
from podmill.settings import Settings

BATCH = """\
show:
  slug: night-sky
  title: Night Sky
  explicit: no
defaults:
  minutes: 2
  language: en
episodes:
  - topic: The Moon
    sources: [moon.md]
  - title: 1984
    sources:
      - sun.txt
      - https://example.org/sun
    minutes: 3.5
    cast:
      - {name: Ana, voice: auto}
      - {name: Ben}
"""


def places(submission: Submission) -> list[tuple[int | None, str | None]]:
    return [(row.line, row.field) for row in submission.refused]


def test_yaml_batch(write, settings: Settings) -> None:
    """Defaults apply where a row is silent, paths are relative to the file, and scalars are what they say."""
    found = read_submission(write("batch.yaml", BATCH), settings)
    assert found.refused == ()
    assert found.shows[0].slug == "night-sky"
    assert found.shows[0].explicit is False
    moon, sun = found.episodes
    assert (moon.topic, moon.minutes, moon.line, moon.language) == ("The Moon", 2.0, 9, "en")
    assert moon.sources[0].path is not None
    assert moon.sources[0].path.name == "moon.md"
    assert moon.sources[0].media_type == "text/markdown"
    assert (sun.title, sun.minutes) == ("1984", 3.5)
    assert sun.sources[1].url == "https://example.org/sun"
    assert [(member.name, member.voice) for member in sun.cast or ()] == [("Ana", "auto"), ("Ben", "auto")]


@pytest.mark.parametrize(
    ("row", "line", "field", "message"),
    [
        ("topik: Moon\n    sources: [moon.md]", 4, "topik", "Did you mean 'topic'?"),
        ("topic: Moon\n    sources: [moon.md]\n    minutes: 0", 6, "minutes", "more than 0"),
        ("topic: Moon\n    sources: [moon.md]\n    minutes: five", 6, "minutes", "number of minutes"),
        ("topic: Moon\n    sources: [moon.md]\n    minutes: .nan", 6, "minutes", "number of minutes"),
        ("topic: Moon\n    sources: [moon.md]\n    minutes: nan", 6, "minutes", "at most 240"),
        ("topic: Moon", 4, "sources", "needs sources"),
        ("summary: Moon", 4, None, "asks for nothing"),
        ("topic: Moon\n    sources: [moon.md]\n    research: [wep]", 6, "research", "Did you mean 'web'?"),
        ("topic: Moon\n    sources:\n      - moon.md\n      - none.md", 7, "sources", "No such file"),
        ("topic: Moon\n    sources: [http://example.org/]", 5, "sources", "https"),
        ("topic: Moon\n    sources: [{a: b}]", 5, "sources", "a mapping"),
        ("topic: Moon\n    topic: Sun\n    sources: [moon.md]", 5, "topic", "twice"),
        ("topic: Moon\n    sources: [moon.md]\n    cast: trio", 6, "cast", "Unknown cast 'trio'"),
        ("topic: Moon\n    sources: [moon.md]\n    cast: [Ana=piper:nobody]", 6, "cast", "Unknown voice"),
        ("topic: Moon\n    sources: [moon.md]\n    engine: pipr", 6, "engine", "Did you mean 'piper'?"),
        ("topic: Moon\n    sources: [moon.md]\n    language: '12'", 6, "language", "not a language"),
        ("topic: Moon\n    sources: [moon.md]\n    artwork: sun.txt", 6, "artwork", "neither a JPEG nor a PNG"),
        ("topic: Moon\n    sources: [..]", 5, "sources", "folder"),
        (
            "topic: Moon\n    sources: [moon.md]\n    voices_order: [minmax]",
            6,
            "voices_order",
            "Did you mean 'minimax'?",
        ),
        ("topic: Moon\n    sources: [moon.md]\n    voices_order: text, local", 6, "voices_order", "must be the last"),
        ("topic: Moon\n    sources: [moon.md]\n    voices_order: local; local", 6, "voices_order", "twice"),
        ("topic: Moon\n    sources: [moon.md]\n    voices_fallback: half", 6, "voices_fallback", "Known: mixed"),
        ("topic: Moon\n    sources: [moon.md]\n    voices_degrade: [nothing, auto]", 6, "voices_degrade", "either"),
        ("just text", 4, None, "must be a mapping"),
    ],
)
def test_a_bad_row_is_refused_with_its_place(
    write, settings: Settings, row: str, line: int, field: str | None, message: str
) -> None:
    """Every kind of bad row names file, line and field, and the good row beside it is taken."""
    path = write("batch.yaml", f"show: s\n# a comment\nepisodes:\n  - {row}\n  - {{topic: Sun, sources: sun.txt}}\n")
    found = read_submission(path, settings)
    assert [episode.topic for episode in found.episodes] == ["Sun"]
    assert places(found) == [(line, field)]
    assert message in found.refused[0].message
    assert found.refused[0].file == str(path)


def test_a_topic_alone_needs_a_key(write, settings: Settings) -> None:
    """Refused where nobody can research it, with the names of the keys; taken where Google or Exa can."""
    path = write("batch.yaml", "show: s\nepisodes:\n  - topic: Moon\n    research: web; exa\n")

    with_key = read_submission(path, settings.model_copy(update={"exa_api_key": SecretStr("k")}))
    assert with_key.refused == ()
    assert with_key.episodes[0].research == ("web", "exa")
    with pytest.raises(InputError, match="PODMILL_GEMINI_API_KEY or PODMILL_EXA_API_KEY"):
        read_submission(path, settings, strict=True)


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("a.yaml", "", None, "empty"),
        ("a.csv", "  \n", None, "empty"),
        ("a.yaml", "episodes: [\n", 2, "Not valid YAML"),
        ("a.yaml", "- a\n- b\n", 1, "must be a mapping"),
        ("a.yaml", "show: s\nepisods: []\n", 2, "Did you mean 'episodes'?"),
        ("a.yaml", "show: s\nepisodes: []\n", 2, "Must be a list"),
        ("a.yaml", "show: s\nepisodes: {a: b}\n", 2, "Must be a list"),
        ("a.yaml", "show: Night Sky\nepisodes: [a]\n", 1, "Did you mean 'night-sky'?"),
        ("a.yaml", "show: {slug: s, titel: T}\nepisodes: [a]\n", 1, "Did you mean 'title'?"),
        ("a.yaml", "show:\n  slug: s\n  category: Sport\nepisodes: [a]\n", 3, "category: 'Sport' is not a podcast cat"),
        ("a.yaml", "show:\n  slug: s\n  category: Sports\n  subcategory: Chess\nepisodes: [a]\n", 4, "subcategory: "),
        ("a.yaml", "show:\n  slug: s\n  subcategory: Golf\nepisodes: [a]\n", 3, "needs its category"),
        ("a.yaml", "a: !!python/object/apply:os.system [id]\n", 1, "not allowed"),
        ("a.yaml", "a: *b\n", 1, "anchor"),
        ("a.yaml", "a: &b [*b]\n", 1, "anchor"),
        ("a.yaml", "a: " + "[" * 40 + "]" * 40, 1, "levels deep"),
        ("a.yaml", "a: b\n---\na: c\n", 2, "more than one"),
        ("a.json", '{"a": 1,\n "b": }', 2, "Not valid JSON"),
        ("a.json", "[" * 100_000, None, "Not valid JSON"),
        ("a.csv", "topic,topic\n", 1, "more than once"),
        ("a.csv", "topic,sources\n", None, "no rows"),
        ("a.exe", "what is this\n", None, "ending"),
    ],
)
def test_a_file_that_cannot_be_used(
    write, settings: Settings, name: str, text: str, line: int | None, message: str
) -> None:
    """The whole file is refused with exit code 2, its name, and the line where there is one."""
    path = write(name, text)
    with pytest.raises(InputError) as caught:
        read_submission(path, settings)
    assert message in str(caught.value)
    assert caught.value.file == str(path)
    if line is not None:
        assert caught.value.line == line
    assert caught.value.exit_code == 2


def test_binary_as_text(write, settings: Settings) -> None:
    """A binary file behind a text's name is told from text, in a batch file and as a document."""
    for name in ("a.yaml", "a.csv", "a.txt"):
        path = write(name, "")
        path.write_bytes(b"topic\n\x00\x01\x02\xff")
        with pytest.raises(InputError, match=r"(?i)binary|text"):
            read_submission(path, settings)


def test_devices_are_not_opened_as_files(settings: Settings) -> None:
    """A device that never ends is refused at once."""
    with pytest.raises(InputError, match="not a regular file"):
        read_submission(Path("/dev/zero"), settings)


def test_alias_bomb_is_bounded(write, settings: Settings) -> None:
    """Aliases that would expand to a billion values cost no more than the file's bytes, and are refused."""
    levels = "\n".join(f"  - &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 13))
    path = write("bomb.yaml", f"show: s\nepisodes:\n  - &a0 [x, x]\n{levels}\n")
    found = read_submission(path, settings)
    assert found.episodes == ()
    assert len(found.refused) == 13


def test_csv(write, settings: Settings) -> None:
    """Quoted cells may span lines; a list in a cell is split; a row with too many cells is refused with its line."""
    path = write(
        "batch.csv",
        "\ufefftopic,sources,minutes,cast,show\r\n"
        'Moon,moon.md; sun.txt,2,,a\r\n"Two\r\nlines",sun.txt,1,Ana=auto;Ben=auto,b\r\n'
        "Bad,moon.md,1,,a,extra\r\nWorse,moon.md,zero,,a\r\n",
    )
    found = read_submission(path, settings)
    assert [(e.topic, e.line, e.show, len(e.sources)) for e in found.episodes] == [
        ("Moon", 2, "a", 2),
        ("Two lines", 3, "b", 1),
    ]
    assert places(found) == [(5, None), (6, "minutes")]
    assert [show.slug for show in found.shows] == ["a", "b"]


def test_csv_with_semicolons(write, settings: Settings) -> None:
    """The separator of the header is the file's."""
    found = read_submission(write("batch.csv", "topic;sources\nMoon;moon.md\n"), settings)
    assert found.episodes[0].sources[0].name == "moon.md"


def test_jsonl(write, settings: Settings) -> None:
    """Each line is a row with JSON's own types; a broken line is refused and the next one read."""
    path = write(
        "batch.jsonl",
        '{"topic": "Moon", "sources": ["moon.md"], "minutes": 2}\n{"topic": \n\n'
        '{"topic": 5, "sources": "sun.txt"}\n{"topic": "Sun", "sources": "sun.txt", "minutes": true}\n'
        '{"topic": "Sun", "topic": "Star", "sources": "sun.txt"}\n',
    )
    found = read_submission(path, settings, show="night-sky")
    assert [(e.topic, e.show) for e in found.episodes] == [("Moon", "night-sky")]
    assert places(found) == [(2, None), (4, "topic"), (5, "minutes"), (6, "topic")]


def test_brief_files(write, settings: Settings) -> None:
    """A mapping without episodes is one brief, in YAML and in JSON, and the same brief either way."""
    plain = read_submission(write("a.yaml", "topic: Moon\nsources: [moon.md]\nminutes: 3\n"), settings)
    dressed = read_submission(
        write("a.json", '{\n\t"topic": "Moon",\n\t"sources": ["moon.md"], "minutes": 3}'), settings
    )
    assert plain.episodes[0].key == dressed.episodes[0].key
    assert plain.fingerprint == dressed.fingerprint
    with pytest.raises(InputError, match="more than 0") as caught:
        read_submission(write("b.json", '{"topic": "Moon",\n\t"sources": ["moon.md"],\n\t"minutes": 0}'), settings)
    assert (caught.value.line, caught.value.field) == (3, "minutes")


def test_document_by_itself(write, settings: Settings) -> None:
    """A document is a brief without a topic, named after its file."""
    found = read_submission(write("the_red-planet.md", "# Mars\n\nMars is red.\n"), settings, minutes=1.5)
    assert (found.episodes[0].topic, found.episodes[0].minutes) == (None, 1.5)
    assert found.episodes[0].subject == "The red planet"
    assert found.shows[0].slug == "my-show"


def test_script_by_itself(write, settings: Settings) -> None:
    """A text whose lines are tagged, or nearly all read `Name: text`, is a script; others are documents."""
    pytest.importorskip("podmill.scripting.ready_made")
    tagged = read_submission(write("a.txt", "[S1] Hello there.\n[S2] Hello yourself.\n"), settings)
    named = read_submission(write("b.txt", "Ana: Hello.\nBen: Hi.\nAna: How are you?\n"), settings)
    document = read_submission(write("c.txt", "Note: this is prose.\nIt goes on.\nAnd on.\n"), settings)
    assert tagged.episodes[0].script is not None
    assert named.episodes[0].script is not None
    assert document.episodes[0].script is None


def test_script_without_speakers(write, settings: Settings) -> None:
    """A script in which nobody speaks is refused at the row's line with a message about speakers."""
    pytest.importorskip("podmill.scripting.ready_made")
    write("s.txt", "Just some prose.\nAnd more of it.\n")
    found = read_submission(write("b.yaml", "show: s\nepisodes:\n  - title: T\n    script: s.txt\n"), settings)
    assert places(found) == [(4, "script")]
    assert "speaker" in found.refused[0].message.lower()


def test_same_content_is_the_same_wherever_it_lies(write, settings: Settings, tmp_path: Path) -> None:
    """Keys and fingerprint follow content: a copy elsewhere is the same, a changed source is not."""
    first = read_submission(write("batch.yaml", BATCH), settings)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in (tmp_path / "in").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    second = read_submission(copy / "batch.yaml", settings)
    assert first.fingerprint == second.fingerprint
    (copy / "moon.md").write_text("# The Moon\n\nThe Moon is round.\n")
    third = read_submission(copy / "batch.yaml", settings)
    assert third.fingerprint != first.fingerprint
    assert third.episodes[0].key != first.episodes[0].key
    assert third.episodes[1].key == first.episodes[1].key


def test_twins_in_one_file(write, settings: Settings) -> None:
    """The same row twice, or the same id for two rows, is taken once and the second is refused."""
    rows = "  - {topic: A, sources: moon.md}\n  - {topic: A, sources: moon.md}\n"
    ids = "  - {id: x, topic: A, sources: moon.md}\n  - {id: x, topic: B, sources: sun.txt}\n"
    found = read_submission(write("b.yaml", f"show: s\nepisodes:\n{rows}{ids}"), settings)
    assert len(found.episodes) == 2
    assert places(found) == [(4, None), (6, "id")]


def test_strict(write, settings: Settings) -> None:
    """With strict one bad row refuses the file, and the error has the place of the row."""
    path = write("b.csv", "topic,sources,minutes\nMoon,moon.md,1\nSun,sun.txt,0\n")
    with pytest.raises(InputError) as caught:
        read_submission(path, settings, strict=True)
    assert (caught.value.line, caught.value.field) == (3, "minutes")


def test_several_files(write, settings: Settings) -> None:
    """Files are read together; one that cannot be used is a refused row, unless none can."""
    good, bad = write("a.md", "# A\n\nA is a letter.\n"), write("b.yaml", "")
    found = read_submissions([good, bad], settings)
    assert len(found.episodes) == 1
    assert found.refused[0].file == str(bad)
    with pytest.raises(InputError, match="empty"):
        read_submissions([bad, bad], settings)


def test_size_is_bounded(write, settings: Settings) -> None:
    """A file over the limit is refused without being read whole."""
    path = write("a.yaml", "a: b\n")
    with path.open("r+b") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(InputError, match="larger than"):
        read_submission(path, settings)
