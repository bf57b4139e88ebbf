"""Characters: the even ground every other rule stands on, and the last sweep after them."""

import re
import unicodedata

from podmill.scripting.spoken.language import Language

_QUOTES = str.maketrans(
    dict.fromkeys("\u2019\u2018\u02bc\u00b4`", "'") | dict.fromkeys('\u201c\u201d\u201e\u00ab\u00bb"', " ")
)
_FULL_WIDTH = "\u3002\uff01\uff1f\uff1b\uff1a\uff0c\u3001"
_KEPT = frozenset(".,;:?!'-¿¡؟،؛।·" + _FULL_WIDTH)
_PLAIN = str.maketrans({"\u2044": "/", "\u2212": "-", "\u03bc": "\u00b5"})
_DASHES = "\u2012\u2013\u2014\u2015"
_STRENGTH = "?!.;:,"
_SUPERSCRIPT_UNITS = "²³"


def _even(character: str) -> str:
    """One character in its plain form; superscripts stay until the units have been read."""
    if character in _SUPERSCRIPT_UNITS or character in "ªº":
        return character
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    if unicodedata.decomposition(character).startswith("<fraction>"):
        return f" {unicodedata.normalize('NFKC', character)}"
    return unicodedata.normalize("NFKC", character)


def even_out(text: str) -> str:
    """One form for every character: plain digits, quotes and spaces; nothing invisible."""
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    text = "".join(_even(character) if ord(character) > 127 else character for character in text)
    text = text.translate(_QUOTES).translate(_PLAIN)
    text = re.sub(rf"(?<=\d) ?[{_DASHES}] ?(?=[\d$£€])", "-", text)
    text = re.sub(rf"[{_DASHES}]", ", ", text)
    text = re.sub(r"(?<![^\W\d_])[\u200c\u200d]|[\u200c\u200d](?![^\W\d_])", "", text)
    text = "".join(character for character in text if not _invisible(character))
    text = re.sub(r"\d{61,}+", lambda match: " ".join(re.findall(r"\d{1,60}", match[0])), text)
    return unicodedata.normalize("NFC", text)


def _invisible(character: str) -> bool:
    if character in "\n\t\u200c\u200d":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Me") or "\ufe00" <= character <= "\ufe0f"


def join_lines(text: str) -> str:
    """Lines of a paragraph are one; a paragraph, heading or list item ends with a full stop."""
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip("\n")
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n{2,}+", lines)]
    # A single paragraph ends as its writer ended it: lines and titles come through here too.
    if len(paragraphs) == 1:
        return paragraphs[0]
    return " ".join(part if part[-1:] in tuple(".!?:;," + _FULL_WIDTH) else f"{part}." for part in paragraphs if part)


def say_symbols(text: str, language: Language) -> str:
    """Symbols that have a name are said; brackets and dashes become pauses."""
    # No pause is needed where a mark makes one already.
    text = re.sub(rf"(?<![)\]}}])[)\]}}]++(?= ?(?:[.,;:?!{_FULL_WIDTH}]|$))", "", text)
    text = re.sub(r"\s-{1,3}\s|--+|[()\[\]{}|]", ", ", text)
    text = re.sub(r"#(?=[^\W\d_])", " ", text)
    for symbol, words in language.symbols.items():
        if symbol in text:
            text = text.replace(symbol, f" {words} ")
    return text


def sweep(text: str, language: Language) -> str:
    """Only what a voice can say is left: letters, and the punctuation that guides it."""
    digits_stay = language.converter is None
    kept = "".join(character if _sayable(character, digits_stay) else " " for character in text)
    kept = re.sub(r"(?<![^\W\d_])[\u200c\u200d]|[\u200c\u200d](?![^\W\d_])", " ", kept)
    kept = re.sub(r"(?<![^\W_])-|-(?![^\W_])", " ", kept)
    kept = re.sub(r"(?<![^\W_])'|'(?![^\W_])", " ", kept)
    kept = " ".join(kept.split())
    kept = re.sub(r" ?((?:[.,;:?!] ?)++)", _strongest, kept)
    return kept.lstrip(" .,;:?!").rstrip()


def _sayable(character: str, digits_stay: bool) -> bool:
    category = unicodedata.category(character)
    if category[0] in "LM" and category != "Me":
        return True
    return character in _KEPT or character in "\u200c\u200d" or (digits_stay and category == "Nd")


def _strongest(match: re.Match[str]) -> str:
    """Of several marks the one that guides the voice most."""
    run = match[1]
    if run.count(".") > 2 and not re.search(r"[?!]", run):
        return ", "
    return f"{next(mark for mark in _STRENGTH if mark in run)} "
