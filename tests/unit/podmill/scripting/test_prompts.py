"""Prompts: versioned, filled, and proof against what is put into them."""

import hashlib
import json
import re
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podmill.scripting.prompts import material, prompt

KNOWN = {
    ("brand", 1): "25ac06728598",
    ("chapter", 2): "70c7e0c786d8",
    ("outline", 2): "53f5171f34f8",
    ("repair", 1): "6314ac2264cb",
    ("rules", 2): "692da90cbba3",
    ("whole", 2): "e99ca6641137",
}
"""SHA-256 of each text, its first twelve digits."""
NAMES = sorted(
    entry.name.removesuffix(".md") for entry in files("podmill.scripting.prompts").iterdir() if ".md" in entry.name
)


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_prompt_has_a_new_version(name: str) -> None:
    """Scripts name the version they were made with: it may not mean two texts."""
    found = prompt(name)

    assert KNOWN.get((name, found.version)) == hashlib.sha256(found.text.encode()).hexdigest()[:12]


TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from("<>/\u2028\x85\ud800"))


@settings(deadline=None)
@given(st.recursive(TEXTS, lambda each: st.lists(each) | st.dictionaries(TEXTS, each), max_leaves=10))
def test_material_cannot_end_its_mark(content: object) -> None:
    """Whatever a source says, it stays between the marks, on one line, and is read back as it was."""
    text = material("episode", {"facts": content})

    assert text.encode()
    assert text.count("<") == 2
    assert len(text.splitlines()) == 3
    found = re.fullmatch(r'<material name="episode">\n(.*)\n</material>', text)
    assert found
    assert json.loads(found[1]) == {"facts": content}


def test_a_value_with_a_dollar_is_put_in_as_it_is() -> None:
    """Prices in sources are no placeholders."""
    assert "$facts cost $5" in prompt("repair").fill(attempt=2, problem="$facts cost $5")
