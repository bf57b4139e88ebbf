"""Markdown (CommonMark and tables): running text, lists and quotations; no code, tables, images or raw HTML."""

import datetime as dt
import re
from pathlib import Path
from typing import Final

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from podmill.research.encoding import clean, decode
from podmill.research.readers import Paragraph, Reading, finished

_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n(.{0,65536}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FOOTNOTE_MARK: Final = re.compile(r"\[\^[^\]\s]{1,40}\](?!:)")
_FOOTNOTE: Final = re.compile(r"\[\^[^\]\s]{1,40}\]:")
_SKIPPED: Final = {"table_open": "table_close"}


class MarkdownReader:
    def read(self, path: Path, charset: str | None = None) -> Reading:
        """Paragraphs, located by line. Front matter gives title, author and date, else the first heading the title."""
        text = decode(path.read_bytes(), charset)
        front = _FRONT_MATTER.match(text)
        meta = _meta(front[1]) if front else {}
        skipped_lines = text.count("\n", 0, front.end()) if front else 0
        body = text[front.end() :] if front else text
        paragraphs, title = _walk(MarkdownIt("commonmark").enable("table").parse(body), skipped_lines)
        return finished(
            paragraphs, title=meta.get("title") or title, author=meta.get("author"), date=_iso(meta.get("date"))
        )


def _walk(tokens: list[Token], skipped_lines: int) -> tuple[list[Paragraph], str | None]:
    paragraphs: list[Paragraph] = []
    title: str | None = None
    heading: str | None = None
    level: str | None = None
    until: str | None = None
    for token in tokens:
        if until:
            until = None if token.type == until else until
        elif token.type in _SKIPPED:
            until = _SKIPPED[token.type]
        elif token.type in ("heading_open", "heading_close"):
            level = token.tag if token.type == "heading_open" else None
        elif token.type == "inline":
            text = _inline(token)
            if level:
                heading = text or heading
                title = title or (heading if level == "h1" else None)
            elif text:
                line = (token.map[0] if token.map else 0) + 1 + skipped_lines
                paragraphs.append(Paragraph(text, f"line {line}", heading))
    return paragraphs, title


def _inline(token: Token) -> str:
    """What a reader sees of a line: text, the text of links, code within a sentence."""
    if _FOOTNOTE.match(token.content):
        return ""
    parts = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return clean(_FOOTNOTE_MARK.sub("", "".join(parts)))


def _meta(source: str) -> dict[str, str]:
    try:
        loaded = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    # Only plain values: nested ones may be an alias bomb, whose text has no bound.
    plain = {key: value for key, value in loaded.items() if isinstance(value, str | dt.date)}
    return {str(key).lower(): clean(str(value)) for key, value in plain.items()}


def _iso(date: str | None) -> str | None:
    found = re.match(r"\d{4}-\d{2}-\d{2}", date or "")
    return found[0] if found else None
