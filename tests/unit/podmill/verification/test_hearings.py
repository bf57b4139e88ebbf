"""Several hearings of one line."""

from models.recording import LineTime
from podmill.verification.align import Token
from podmill.verification.hearings import Hearings
from podmill.verification.listening import Heard
from podmill.verification.normalize import words
from podmill.verification.passages import Passage

TIME = LineTime(index=0, start_s=0.0, end_s=9.0, take="t", voice="v")


def after(said: str, *hearings: str) -> Hearings:
    found = Hearings({0: tuple(words(said, "en"))}, (), "en")
    for text in hearings:
        tokens = tuple(Token(word, 0, start_s=place, end_s=place + 0.5) for place, word in enumerate(words(text, "en")))
        found.take(Passage((TIME,), 0.0, 9.0), Heard(tokens, ((0.0, 9.0),)))
    return found


def failing(hearings: Hearings) -> list[str]:
    return [slip.said for slip in hearings.slips(0) if slip.fails]


def test_what_turns_the_sense_fails_when_every_hearing_has_it():
    """A number heard once as another is a doubt, and is heard again."""
    said, wrong = "It was fifteen years ago.", "It was 50 years ago."

    assert (failing(after(said, wrong)), after(said, wrong).doubtful(0.0)) == ([], {0})
    assert failing(after(said, wrong, wrong)) == ["15: 50"]


def test_what_two_hearings_agreed_on_stays_in_doubt():
    """A larger model at times hears the likelier number; one hearing that is alone is forgotten."""
    said, right, wrong = "It was fifteen years ago.", "It was 15 years ago.", "It was 50 years ago."

    assert [(slip.said, slip.fails) for slip in after(said, wrong, wrong, right).slips(0)] == [("15: 50", False)]
    assert after(said, wrong, right).slips(0) == []


def test_hearings_that_differ_do_not_agree():
    """A transcriber that hears a third number does not know; the line stays in doubt."""
    found = after("It was fifteen years ago.", "It was 50 years ago.", "It was 60 years ago.")

    assert (failing(found), found.doubtful(0.0)) == ([], {0})


def test_a_denial_is_agreed_on_beside_other_differences():
    """Also where one of the hearings has more that is wrong in the same place."""
    found = after("The dock workers did.", "The dock workers did not.", "The dock workers did not end.")

    assert failing(found) == ["not"]


def test_other_doubts_do_not_add_up():
    """A little word is misheard the same way twice."""
    wrong = "So will half of all the city."

    assert failing(after("So will half of the city.", wrong, wrong)) == []
