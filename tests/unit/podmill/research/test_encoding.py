"""From bytes to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.errors import SourceError
from podmill.research.encoding import clean, decode


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings_are_told(encoding: str) -> None:
    """Marks, UTF-8 and Western European text are recognised without being told."""
    assert decode("Déjà vu, “quoted”".encode(encoding)) == "Déjà vu, “quoted”"


def test_the_server_is_believed() -> None:
    """A charset named by the server is used; one that is no charset is not."""
    data = "Пчёлы".encode("koi8-r")

    assert decode(data, "koi8-r") == "Пчёлы"
    assert decode(b"bees", "zlib") == "bees"
    assert decode(b"bees", "no\x00such") == "bees"


def test_another_alphabet_is_not_guessed() -> None:
    """Cyrillic read as Western European would be nonsense, so it is refused."""
    with pytest.raises(SourceError, match="UTF-8"):
        decode("Пчёлы живут в улье".encode("cp1251"))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_utf8_comes_back(text: str) -> None:
    """Whatever is UTF-8 is read as it is, but for a leading mark."""
    assert text.removeprefix("\ufeff") == decode(text.encode())


@given(st.text())
def test_clean_is_stable(text: str) -> None:
    """Cleaning twice is cleaning once, and leaves no line break, control or hidden character."""
    once = clean(text)

    assert once == clean(once)
    assert once == " ".join(once.split())
    assert not set("\u200b\u202e\x00\x1b\n\ufeff") & set(once)


def test_clean_keeps_joiners() -> None:
    """Persian and Hindi need their joiners."""
    assert clean("می‌خواهم") == "می‌خواهم"
