"""How the emulated Gemini answers when it may search, and when it is to check claims.

It knows the emulated site: for a topic of its pages it states their claims, with the pages each rests on, and some that
no page bears out. Its verdicts are right, except where the terms say that it lies (``lies: true``): then it takes every
claim for true and makes up the quotes, or quotes ``a word`` or ``a real quote`` that has nothing to do with it.
"""

import json
import re
from typing import Any

from tests.emulators.gemini import Made, Wanted
from tests.emulators.site import ARTICLES, places_of

EXTRA = ("gone", "moved")
"""Further pages it names: one is not there, one leads to a page that it also names."""


def answer(wanted: Wanted) -> Made:
    found = re.search(r"<topic>(.*?)</topic>", wanted.text, re.DOTALL)
    topic = found[1] if found else wanted.text
    places = places_of(topic)
    if not places or wanted.terms.get("knows_nothing"):
        return Made([{"text": "I could not find anything about that.\n"}])
    named = [*places, *wanted.terms.get("extra", EXTRA)]
    # Marks of more than one byte before the first claim: offsets are in bytes.
    text = "Gezeitenmühlen – « naïve » introduction:\n"
    supports = []
    for number, place in enumerate(places):
        for said in (*ARTICLES[place].claims, *ARTICLES[place].false):
            begin = len(text.encode())
            text += f"* {said} [{number + 1}]\n"
            segment = {"startIndex": begin + 2, "endIndex": len(text.encode()) - 1, "text": said}
            supports.append({"segment": segment, "groundingChunkIndices": [number]})
    redirect = f"{wanted.url}/grounding-api-redirect"
    chunks = [{"web": {"uri": f"{redirect}/{place}", "title": "127.0.0.1"}} for place in named]
    queries = [topic, f"{topic} history"]
    grounding: dict[str, Any] = {
        "webSearchQueries": queries,
        "groundingChunks": chunks,
        "groundingSupports": supports,
        "searchEntryPoint": {"renderedContent": "<div>search</div>"},
    }
    return Made([{"text": text}], grounding, search_tokens=1200)


def check(wanted: Wanted) -> Made:
    """Verdicts on claims: the emulator knows which of them are true, and which page says so."""
    verdicts = []
    for part in re.split(r"\n\n(?=Claim \d+:)", wanted.text):
        found = re.match(r"Claim (\d+):\n<claim>(.*?)</claim>", part, re.DOTALL)
        if not found:
            continue
        passages = re.findall(r"<passage_\d+>(.*?)</passage_\d+>", part, re.DOTALL)
        verdict = {"claim": int(found[1]), "supported": False, "passage": 0, "quote": ""}
        if wanted.terms.get("lies"):
            shown = passages[0] if passages else ""
            quotes = {"a word": shown.partition(" ")[0], "a real quote": shown[:80]}
            verdict |= {"supported": True, "quote": quotes.get(wanted.terms["lies"], found[2])}
        else:
            verdict |= _verdict(found[2], passages)
        verdicts.append(verdict)
    return Made([{"text": json.dumps({"verdicts": verdicts})}])


def _verdict(claim: str, passages: list[str]) -> dict[str, Any]:
    for article in ARTICLES.values():
        if claim in article.claims:
            for number, passage in enumerate(passages):
                sentence = passage.split(". ")[-1]
                if any(sentence.rstrip(".") in paragraph for paragraph in article.paragraphs):
                    return {"supported": True, "passage": number, "quote": sentence}
    return {}
