"""Which sentences of a paragraph are statements that can stand alone."""

# ruff: noqa: RUF001 - apostrophes and quotation marks of every kind

import re
from typing import Final

from podmill.research.encoding import clean
from podmill.text.punctuation import CLOSERS, ENDED, OPENERS, QUESTIONS
from podmill.text.sentences import Span, split

STATEMENT_MAX_CHARS: Final = 480
"""Half a minute of speech; what is longer is a list or a mistake."""
WORDS_MIN: Final = 4
UNSPACED_MIN_CHARS: Final = 8
_LETTER_SHARE_MIN: Final = 0.6
_MERGED_MAX_CHARS: Final = 360

_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# These scripts end a sentence with a space or with nothing.
_UNMARKED: Final = re.compile(r"[\u0e00-\u0eff]")
_ADDRESS: Final = re.compile(r"https?://\S+|www\.\S+")

_BOILERPLATE: Final = re.compile(
    r"^(?:see|click|visit|download|watch|listen to|buy|shop) |\b(?:subscribe (?:to|now|today|for)"
    r"|sign up (?:for|to|now|today)|(?:our|the|weekly|daily) newsletter"
    r"|(?:we|site|website|page) uses? cookies|cookie (?:policy|settings|preferences|consent)|accept (?:all )?cookies"
    r"|all rights reserved|privacy policy|terms of (?:use|service)|click here|read more|learn more (?:at|about our)"
    r"|share (?:this|on)|follow us|log ?in (?:to|or)|create an account|skip to (?:main )?content|leave a comment"
    r"|related (?:articles|posts|stories)|enable javascript|table of contents|back to top|image credit|photo by"
    r"|last (?:updated|modified|edited)|this article (?:was|is|needs|has)|add to cart|free shipping|advertisement"
    r"|abonnieren sie|alle rechte vorbehalten|datenschutzerkl|tous droits réservés|suscríb"
    r"|todos los derechos reservados)|©|\(c\) \d{4}",
    re.IGNORECASE,
)
_APPENDIX: Final = re.compile(
    r"^(?:references?|bibliography|works cited|citations?|(?:foot|end)?notes|see also|external links|further reading"
    r"|sources|acknowledge?ments?|table of contents|contents|index|about the author|author bio|comments|related \w+"
    r"|literatur(?:verzeichnis)?|einzelnachweise|weblinks|références|bibliographie|referencias|bibliografía)\W*$",
    re.IGNORECASE,
)

_DANGLING: Final = {
    "en": re.compile(
        r"(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|such|both|neither|either"
        r"|the (?:former|latter|same|other|others)|but|and|or|so|yet|nor|however|therefore|thus|hence|moreover"
        r"|furthermore|also|besides|instead|nevertheless|nonetheless|meanwhile|consequently|otherwise|then|similarly"
        r"|likewise|in (?:addition|contrast|fact|turn|other words|this (?:way|case)|that case|particular)|as a result"
        r"|for (?:example|instance|this|that)|on the (?:other hand|contrary)|by contrast"
        r"|(?:at|because of|after) (?:this|that)|here|there(?! (?:is|are|was|were|has|have|can|may|will)\b)"
        r"|another|others|one of (?:them|these|those))\b",
        re.IGNORECASE,
    ),
    "de": re.compile(
        r"(?:er|sie|es|dies(?:e|er|es|em|en)?|das ist|das war|deren|dessen|aber|und|oder|doch|jedoch|daher|deshalb"
        r"|darum|dabei|damit|außerdem|zudem|somit|dennoch|trotzdem|dort|dann|sein(?:e|er|en)?|ihr(?:e|er|en)?)\b",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"(?:il|elle|ils|elles|ce|cet|cette|ces|cela|ceci|celui|celle|mais|et|ou|donc|or|ainsi|cependant|toutefois"
        r"|néanmoins|en outre|de plus|par exemple|son|sa|ses|leur|leurs|c'est|c’est)\b",
        re.IGNORECASE,
    ),
    "es": re.compile(
        r"(?:él|ella|ellos|ellas|esto|eso|este|esta|estos|estas|ese|esa|pero|y|o|así|además|sin embargo|por eso"
        r"|por ejemplo|también|su|sus|entonces)\b",
        re.IGNORECASE,
    ),
}
_IMPERSONAL: Final = re.compile(
    r"(?:it (?:is|was|has been|takes|took|costs|became) (?:\w+ ){0,2}(?:that|to|for|known|estimated|possible)\b"
    r"|it takes (?!place)|those who\b|these days\b|both \w+ and\b|both the\b"
    r"|either \w+ or\b|neither \w+ nor\b|so-called\b)",
    re.IGNORECASE,
)
_TO_A_MODEL: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules)\b|\bsystem prompt\b"
    r"|\b(?:language model|AI assistant|chatbot)s?\b.{0,40}\b(?:must|should|please)\b|\byou are now\b"
    r"|</?(?:system|assistant|user|instructions?)>",
    re.IGNORECASE,
)
"""What was put on a page for a language model that reads it."""
_PERSONAL: Final = re.compile(
    r"^(?:I|We|My|Our team|Let['’]s|Please|Ich|Wir|Je|Nous|Yo|Nosotros)\b|\bI['’](?:m|ve|d|ll)\b"
    r"|\bI (?:am|have|had|think|believe|know|want|can|will|would|do|did|found|saw|went)\b"
)
"""The writer speaks of themselves: in a host's mouth it would be untrue."""
_QUOTED: Final = re.compile(r"[\"“«„].*?[\"”»“]|\([^)]*\)")
_FINITE: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|does|do|did|became|become|becomes"
    r"|made|makes|contains?|includes?|produces?|lives?|grows?|uses?|helps?|needs?|takes?|gives?)\b",
    re.IGNORECASE,
)


def statements(paragraph: str, language: str) -> list[Span]:
    """The statements of a paragraph, as spans of it.

    A sentence that leans on the one before it (*It was built in 1889.*) is joined to it where that is a statement too,
    and left out where it is not.
    """
    kept: list[Span] = []
    before: Span | None = None
    for begin, end in split(paragraph):
        sentence = paragraph[begin:end]
        if not _is_statement(sentence, language):
            before = None
        elif not leans(sentence, language):
            kept.append((begin, end))
            before = kept[-1]
        elif before and end - before[0] <= _MERGED_MAX_CHARS:
            kept[-1] = before = (before[0], end)
    return kept


def is_appendix(heading: str | None) -> bool:
    """Whether what stands under a heading is references, links or notes."""
    return bool(heading and _APPENDIX.match(re.sub(r"^[\d.]+\s*", "", heading)))


def leans(sentence: str, language: str) -> bool:
    """Whether a sentence cannot be understood without the one before it; False in languages not known here."""
    dangling = _DANGLING.get(language.partition("-")[0].lower())
    bare = sentence.lstrip(OPENERS + " ")
    if dangling is None or not dangling.match(bare):
        return False
    return not _IMPERSONAL.match(bare)


def _is_statement(sentence: str, language: str) -> bool:
    bare = clean(_ADDRESS.sub(" ", sentence)).strip(OPENERS + CLOSERS)
    if len(sentence) > STATEMENT_MAX_CHARS or not _long_enough(bare) or _BOILERPLATE.search(sentence):
        return False
    if _TO_A_MODEL.search(sentence):
        return False
    if bare[-1:] in QUESTIONS or "?" in bare[-3:]:
        return False
    said = _QUOTED.sub(" ", sentence)
    if _PERSONAL.search(said.strip()):
        return False
    visible = [char for char in sentence if not char.isspace()]
    letters = sum(1 for char in visible if char.isalpha() or ord(char) > 0x300)
    if letters < len(visible) * _LETTER_SHARE_MIN or sentence.isupper():
        return False
    return _is_whole(sentence, language)


def _long_enough(text: str) -> bool:
    if _UNSPACED.search(text):
        return sum(1 for char in text if char.isalpha()) >= UNSPACED_MIN_CHARS
    return len(text.split()) >= WORDS_MIN


def _is_whole(sentence: str, language: str) -> bool:
    """Whether it is a sentence and not a fragment: it begins like one and ends like one."""
    if sentence.lstrip(OPENERS)[:1].islower():
        return False
    if ENDED.search(sentence):
        return True
    if _UNMARKED.search(sentence):
        return True
    # List items often go without their full stop.
    return language.startswith("en") and len(sentence.split()) >= 6 and bool(_FINITE.search(sentence))
