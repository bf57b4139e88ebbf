"""Markup, addresses and pictures: what is written for the eye."""

import html
import re

from podmill.scripting.spoken.language import Language

_SPOKEN_PATH = 20
"""Longest path of an address that is still read out."""
_TOP_LEVELS = "com|org|net|edu|gov|info|io|dev|app|ai|eu|uk|de|fr|es|it|nl|ch|at|us|ca|au|jp|tv|fm|me|co"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}"


def _join_cells(line: str) -> str:
    return ", ".join(cell.strip() for cell in line.strip().strip("|").split("|") if cell.strip())


def drop_markup(text: str) -> str:
    """Markdown and HTML to plain text: code blocks go, table rows become lists, emphasis and tags vanish."""
    text = html.unescape(text)
    text = re.sub(r"^(`{3,}|~{3,})[^\n]*+\n(?:(?!\1)[^\n]*+\n?)*+(?:\1[^\n]*+)?", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"<!--.*?(?:-->|\Z)", " ", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?(?:</\1>|\Z)", " ", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"</?[A-Za-z][^<>\n]{0,500}>", " ", text)
    text = re.sub(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,200}\")?\)", r"\1", text)
    text = re.sub(r"\[(?:\d{1,3}|\^\w{1,20})\]", "", text)
    return "\n".join(_plain_line(line) for line in text.split("\n"))


def _plain_line(line: str) -> str:
    stripped = line.strip()
    if stripped and re.fullmatch(r"[-=_*|:\s+]{2,}+", stripped):
        return ""
    if stripped.startswith("|"):
        return f"\n{_join_cells(stripped)}.\n"
    marked = re.match(r"(?:#{1,6}|[-*+•]|>|\d{1,3}[.)])\s+", stripped)
    if marked:
        return f"\n{stripped[marked.end() :]}\n"
    return line


def _say_host(host: str, language: Language) -> str:
    dot = f" {language.word('dot')} "
    return dot.join(part.replace("-", " ") for part in host.removeprefix("www.").split(".") if part)


def say_addresses(text: str, language: Language) -> str:
    """``https://example.com/podcasts`` as example dot com slash podcasts; of a long one only the host."""

    def mail(match: re.Match[str]) -> str:
        name = re.sub(r"[._+-]", lambda sign: f" {_sign(sign[0], language)} ", match["name"])
        return f"{name} {language.word('at')} {_say_host(match['host'], language)}"

    def url(match: re.Match[str]) -> str:
        path = (match["path"] or "").rstrip(".,;:!?)'\"")
        trailing = (match["path"] or "")[len(path) :]
        said = _say_host(match["host"], language)
        short = len(path) <= _SPOKEN_PATH and re.fullmatch(r"/[A-Za-z-]+/?", path)
        if short:
            said = f"{said} {language.word('slash')} {path.strip('/').replace('-', ' ')}"
        return said + trailing

    text = re.sub(rf"(?<![\w.+-])(?P<name>[\w.+-]{{1,64}}+)@(?P<host>{_HOST}[A-Za-z]{{2,24}})(?![\w-])", mail, text)
    path = r"(?P<path>[/?#:][^\s<>\[\]{}\"]{0,2000}+)?"
    text = re.sub(
        rf"\b(?:https?|ftp)://(?P<host>{_HOST}[A-Za-z]{{2,24}}|[\w-]{{1,63}}){path}", url, text, flags=re.IGNORECASE
    )
    text = re.sub(r"\b[a-z]{2,10}://\S{0,2000}+", " ", text, flags=re.IGNORECASE)
    return re.sub(rf"(?<![\w@.-])(?P<host>{_HOST}(?:{_TOP_LEVELS}))(?![\w-]|\.\w){path}", url, text)


def _sign(sign: str, language: Language) -> str:
    return language.word({".": "dot", "_": "underscore", "-": "dash", "+": "plus"}[sign])
