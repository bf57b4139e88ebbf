"""What every reader does: the same document, in each format, read alike; hostile bytes end in an explanation.

A new reader needs its line in ``READERS``, its ending in ``SUFFIXES`` and ``bees.<ending>`` in the golden documents.
"""

import contextlib
import random
from pathlib import Path

import pytest

from podmill.errors import SourceError
from podmill.registry import load
from podmill.research.media_types import SUFFIXES, sniff
from podmill.research.readers import READERS, Reader, Reading
from podmill.text.sentences import split

DOCUMENTS = Path(__file__).parents[1] / "golden" / "documents"
SENTENCES = [
    "Honey bees live in colonies of 20,000 to 60,000 workers.",
    "A colony has one queen.",
    "Karl von Frisch decoded the waggle dance in 1944.",
    "The angle of the run shows the direction of food relative to the sun.",
    "Swarms choose a new home by a quorum of 20 to 30 scouts at one site.",
]


def reader(media_type: str) -> Reader:
    found: Reader = load(READERS, media_type, kind="media type")()
    return found


def golden(media_type: str) -> Path:
    return next(path for path in sorted(DOCUMENTS.glob("bees.*")) if SUFFIXES.get(path.suffix) == media_type)


@pytest.fixture(params=sorted(READERS))
def media_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reading(media_type: str) -> Reading:
    return reader(media_type).read(golden(media_type))


def test_the_document_is_known_by_its_content(media_type: str) -> None:
    """The golden document has the media type of its reader."""
    assert sniff(golden(media_type), name=golden(media_type).name) == media_type


def test_all_sentences_are_read_in_order(reading: Reading) -> None:
    """Every sentence comes back, in order, and nothing from navigation or the foot of the page."""
    found = [paragraph.text[begin:end] for paragraph in reading.paragraphs for begin, end in split(paragraph.text)]

    assert found == SENTENCES


def test_title_and_headings(reading: Reading) -> None:
    """The title is found, and each paragraph knows the heading it stands under."""
    assert reading.title == "How honey bees decide"
    assert [paragraph.heading for paragraph in reading.paragraphs][-1] == "The dance"


def test_locations_can_be_found_again(reading: Reading) -> None:
    """A location is a kind of place and its number, and they rise."""
    kinds = {paragraph.location.split()[0] for paragraph in reading.paragraphs}
    numbers = [int(paragraph.location.split()[1]) for paragraph in reading.paragraphs]

    assert len(kinds) == 1
    assert kinds <= {"line", "page", "paragraph"}
    assert numbers == sorted(numbers)


def test_an_empty_file_is_explained(media_type: str, tmp_path: Path) -> None:
    """Nothing to read is a SourceError with something to do."""
    path = tmp_path / "empty"
    path.write_bytes(b"")

    with pytest.raises(SourceError) as caught:
        reader(media_type).read(path)
    assert caught.value.action


@pytest.mark.parametrize("seed", range(8))
def test_damage_is_explained(media_type: str, tmp_path: Path, seed: int) -> None:
    """A document with flipped or missing bytes is read as far as it goes, or is a SourceError; never anything else."""
    dice = random.Random(seed)
    data = bytearray(golden(media_type).read_bytes())
    for _ in range(20):
        data[dice.randrange(len(data))] = dice.randrange(256)
    if seed % 2:
        del data[dice.randrange(len(data)) :]
    path = tmp_path / "damaged"
    path.write_bytes(data)

    with contextlib.suppress(SourceError):
        assert reader(media_type).read(path).paragraphs
