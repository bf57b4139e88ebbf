"""Marks that end, open and close sentences, in every script that has them."""

# ruff: noqa: RUF001 - marks that look alike are what this module is about

import re
from typing import Final

STOPS: Final = ".!?…‼⁇⁈⁉؟۔।॥։።፧፨၊။។៕᠃᠉"
"""End a sentence when white space follows."""
FULL_STOPS: Final = "。！？｡．"
"""End a sentence whatever follows: Chinese and Japanese put no space after them."""
QUESTIONS: Final = "?？؟⁇⁈⁉፧"
OPENERS: Final = "\"'“‘„‚«‹(（[［{「『《〈【¿¡"
CLOSERS: Final = "\"'”’»›)）]］}」』》〉】"
PAIRS: Final = {"(": ")", "（": "）", "[": "]", "“": "”", "„": "”", "«": "»", "「": "」", "『": "』", "《": "》"}
"""Brackets and quotation marks that keep a sentence together."""

ENDED: Final = re.compile(f"[{re.escape(STOPS + FULL_STOPS)}][{re.escape(CLOSERS)}]*$")
"""Matches a text that ends as a sentence does."""
