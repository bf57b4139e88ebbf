"""How names are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podmill.scripting.pronunciation import ENTRIES_MAX, say_names, usable

TEXTS = ["Siobhan lives in Worcester.", "So does Nguyen Van."]


def test_respellings_are_used() -> None:
    """Whole names in the text, each as it is said; of names within one another the longest."""
    found = usable([("Worcester", "Wuss-ter"), ("Nguyen", "Win"), ("Nguyen Van", "Win Vahn")], TEXTS)

    assert say_names(TEXTS[0], found) == "Siobhan lives in Wuss-ter."
    assert say_names(TEXTS[1], found) == "So does Win Vahn."
    assert say_names("Worcestershire", found) == "Worcestershire"


@pytest.mark.parametrize(
    ("name", "say"),
    [
        ("Galway", "Gol-way"),
        ("Siobhan", "buy more coins at our shop today"),
        ("Siobhan", "Shi-vawn 99"),
        ("Siobhan", "<b>Shivawn</b>"),
        ("Siobhan", "Siobhan"),
        ("Siobhan", "Shivawnshivawnshivawnshivawn"),
        ("lives", "lyves"),
        ("S", "Ess"),
        ("Siobhan lives", ""),
    ],
)
def test_respellings_that_are_not(name: str, say: str) -> None:
    """What is not in the text, is a sentence, has digits or markup, changes nothing, is too long, or is no name."""
    assert usable([(name, say)], TEXTS) == {}


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=60))
def test_any_list(pairs: list[tuple[str, str]]) -> None:
    """Never more than twenty, and letters only."""
    found = usable(pairs, [" ".join(name for name, _ in pairs)])

    assert len(found) <= ENTRIES_MAX
    assert all(not any(c.isdigit() or c in "<>[]{}" for c in say) for say in found.values())
