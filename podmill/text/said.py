"""Whether words are said in a text."""

import re


def said_in(words: str, text: str) -> bool:
    """Whether words stand in a text as they are, whatever their case, and not inside of longer ones."""
    spaced = r"\s+".join(map(re.escape, words.split()))
    return bool(spaced) and re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE) is not None
