"""Which differences between a line and what was heard of it are faults."""

from dataclasses import replace

import pytest

from models.recording import LineTime
from podmill.verification.align import Pair, Token
from podmill.verification.faults import Slip, slips, swapped
from podmill.verification.metrics import LineScore, score
from podmill.verification.names import proper
from podmill.verification.normalize import words

TIME = LineTime(index=0, start_s=10.0, end_s=20.0, take="t", voice="v")


def heard_as(said: str, heard: str, *, index: int = 0, language: str = "en") -> LineScore:
    """Half a second a word, from ten seconds on."""
    tokens = [
        Token(word, index, start_s=10 + place / 2, end_s=10.4 + place / 2)
        for place, word in enumerate(words(heard, language))
    ]
    return score([(index, words(said, language))], tokens, proper([said], language))[0]


def failing(said: str, heard: str, language: str = "en") -> list[Slip]:
    return [slip for slip in slips(heard_as(said, heard, language=language), TIME, language) if slip.fails]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("A trucker named Malcolm McLean came from Newark.", "A tracker named Malcolm a clean came from New York."),
        ("Johann Wolfgang von Goethe finished his Faust in time.", "Johan Wulfing bond go finish this fast in time."),
        ("They had hoped for three million.", "They had hoped for $3 million."),
        ("So will half of the city, I am afraid.", "So we will half of the city, I am afraid."),
        ("Shares fell by six percent on Tuesday.", "Chairs fell by 6% on Tuesday."),
        ("They cleaned the glass and fished.", "They cleaned the glass and fish."),
        ("A loan of three hundred thousand dollars is cheap.", "Along a $300,000 is cheap."),
        ("The train leaves at eight forty.", "The train leaves at 8.40."),
        ("The train leaves at ten forty-four.", "The train leaves at $10.44."),
        ("On the twenty-ninth it rained.", "On the 29th it rained."),
        ("They counted six hundred and eighty-eight birds.", "They counted 600 and 88 birds."),
    ],
)
def test_what_transcribers_mishear_is_no_fault(said, heard):
    """As the bundled model heard sound lines: something that sounds alike, or a little word."""
    assert failing(said, heard) == []


@pytest.mark.parametrize(
    ("said", "heard", "kind", "told"),
    [
        ("The old red lighthouse stands on a rock.", "The lighthouse stands on a rock.", "missing", "old read"),
        ("The test lasted for two minutes.", "The test lasted.", "missing", "for 2 minutes"),
        ("Most of it was written by people.", "Most of it most of it was written by people.", "repeated", "most of it"),
        ("That is a fish.", "That is a fish. That is a fish.", "repeated", "that is a fish"),
        ("Gold did not move.", "Gold did not move yesterday morning.", "added", "yesterday morning"),
        ("Gold did not move.", "Fresh yellow apples.", "wrong", "gold did not move: fresh yellow apples"),
        ("Yes.", "", "missing", "yes"),
        ("Yes.", "Tomatoes.", "added", "tomatoes"),
    ],
)  # fmt: skip
def test_faults_are_named(said, heard, kind, told):
    """By kind and by their words."""
    (found,) = failing(said, heard)

    assert (found.kind, found.said) == (kind, told)


def test_a_fault_says_when():
    """Missing words between the ones around them, others when they are heard."""
    (missing,) = failing("The very old lighthouse stands there.", "The lighthouse stands there.")
    (added,) = failing("The lighthouse stands there.", "The lighthouse never really stands there.")

    assert (missing.start_s, missing.end_s) == (10.4, 10.5)
    assert (added.start_s, added.end_s) == (11.0, 11.9)


def test_a_word_in_doubt_is_told_and_does_not_fail():
    """Three letters too many are a mishearing more often than not."""
    (found,) = slips(heard_as("So will half of the city.", "So will half of all the city."), TIME, "en")

    assert found.kind == "added"
    assert not found.fails


def test_half_a_name_is_missing():
    """What is like a name counts as that name, not what is like a part of it."""
    (found,) = failing("Letters by Srinivasa Ramanujan from Madras.", "Letters by Srinivasa from Madras.")

    assert found.kind == "missing"


def test_a_phrase_that_is_missing_among_misheard_words_is_found():
    """As the bundled model heard a line without ``from Madras to Professor``: no word right but one, most letters."""
    said = "Srinivasa Ramanujan sent his letters from Madras to Professor Hardy in Cambridge."
    line = LineScore.unheard(0, words(said, "en"))
    heard = words("turn a vassa ramen eugene sent his letters hearty and", "en")
    pairs = [
        *(
            Pair((Token(word, 0),), (Token(other, 0),), equal=False)
            for word, other in zip(line.words, heard, strict=False)
        )
    ]
    pairs += [Pair((Token(word, 0),), (), equal=False) for word in line.words[len(heard) : -1]]
    pairs.append(Pair((Token("cambridge", 0),), (Token("cambridge", 0),), equal=True))

    (found,) = slips(replace(line, pairs=tuple(pairs)), TIME, "en")

    assert (found.kind, found.fails) == ("missing", True)


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("It was fifteen years ago.", "It was 50 years ago.", "en"),
        ("In nineteen fifty-six it began.", "In 1965 it began.", "en"),
        ("They hoped for three million.", "They hoped for three billion.", "en"),
        ("It costs four dollars.", "It costs $9.", "en"),
        ("Fifteen.", "Fifty.", "en"),
        ("That makes no sense to me.", "That makes sense to me.", "en"),
        ("Gold did not move.", "Gold did move.", "en"),
        ("I will be there.", "I won't be there.", "en"),
        ("If you can.", "If you cannot.", "en"),
        ("Es waren fünfzehn Tage.", "Es waren 50 Tage.", "de"),
        ("Das ist kein Fehler.", "Das ist ein Fehler.", "de"),
        ("Hace sesenta años.", "Hace 70 años.", "es"),
        ("它长三百五十米", "它长360米", "zh"),
        ("他不知道这件事", "他知道这件事", "zh"),
    ],
)
def test_another_number_or_a_negation_is_never_nothing(said, heard, language):
    """However alike it sounds; heard once it is a doubt, for transcribers mishear them."""
    (found,) = slips(heard_as(said, heard, language=language), TIME, language)

    assert (found.fails, found.doubtful) == (False, True)
    assert found.failing().fails


def test_a_denial_that_is_heard_as_another_word_stays_a_doubt():
    """The bundled model heard ``at`` for ``not`` twice, in a sound line."""
    (found,) = slips(heard_as("It is fifty cents, not nineteen.", "It is fifty cents, at nineteen."), TIME, "en")

    assert (found.fails, found.doubtful, found.turned) == (False, True, "")


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("Marie won two prizes.", "Marie won to prizes.", "en"),
        ("I can not say.", "I cannot say.", "en"),
        ("Hace doscientas noches.", "Hace 200 noches.", "es"),
        ("它长三百五十米", "它长350米", "zh"),
        ("它长350米", "它长三百五十米", "zh"),
        ("人口有两百万", "人口有200万", "zh"),
        ("价格上涨了百分之五十", "价格上涨了50%", "zh"),
        ("それは三百五十メートルです", "それは350メートルです", "ja"),
        ("Έχει μήκος τριακόσια πενήντα μέτρα", "Έχει μήκος 350 μέτρα", "el"),
    ],
)
def test_a_number_that_is_written_otherwise_is_no_fault(said, heard, language):
    """In figures, in words, in a form that no table knows."""
    assert failing(said, heard, language) == []


@pytest.mark.parametrize(
    ("said", "heard", "language", "told", "letters"),
    [
        ("这座灯塔建于海边", "这座灯塔海边", "zh", "建 于", 4),
        ("它长三百五十米左右吧", "它长350米", "zh", "左 右 吧", 6),
        ("아니요 저는 갑니다", "저는 갑니다", "ko", "아니요", 6),
    ],
)
def test_characters_of_chinese_and_korean_weigh_more(said, heard, language, told, letters):
    """Two of them are a word."""
    (found,) = slips(heard_as(said, heard, language=language), TIME, language)

    assert (found.kind, found.said, found.letters, found.fails) == ("missing", told, letters, True)


def test_kana_written_for_a_character_are_no_fault():
    """The same word, spelled by its sound."""
    assert failing("あたらしい灯台です", "新しい灯台です", "ja") == []


def test_lines_in_each_others_place_are_found():
    """Each is heard in the other's; a line that says itself twice is in its own."""
    first, second = "We went down to the sea.", "Nobody knew his name."
    lines = [
        heard_as(first, second, index=0),
        heard_as(second, first, index=1),
        heard_as("Put it there, put it there now.", "Put it there, put it there now.", index=2),
    ]

    assert swapped(lines, {0, 1, 2}, "en") == {0: 1, 1: 0}


def test_of_two_lines_with_the_same_words_each_is_in_its_own_place():
    """What else is wrong with the second one is not hidden by the first."""
    lines = [heard_as("It is still there.", "It is still there.", index=index) for index in range(2)]

    assert swapped(lines, {1}, "en") == {}
