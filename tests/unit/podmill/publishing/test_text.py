import datetime as dt

import pytest

from podmill.publishing import text


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("The Moon is leaving", "the-moon-is-leaving", id="words"),
        pytest.param("Über Größe: Ça va?", "uber-groe-ca-va", id="accents"),
        pytest.param("../../etc/passwd", "etc-passwd", id="path"),
        pytest.param("\u6708\u306e\u8a71", "episode", id="no-latin-letter"),
        pytest.param("\U0001f680", "episode", id="emoji"),
        pytest.param("<script>alert(1)</script>", "script-alert-1-script", id="markup"),
        pytest.param("a" * 59 + " b", "a" * 59, id="cut-without-hyphen-at-the-end"),
    ],
)
def test_slug_is_safe_in_paths_and_addresses(title: str, expected: str) -> None:
    """A slug holds small letters, digits and single hyphens, whatever the title."""
    assert expected == text.slug(title)


def test_one_line_keeps_all_scripts_and_drops_what_xml_cannot_hold() -> None:
    """Controls, surrogates and direction overrides go; Hebrew, emoji and joiners stay."""
    assert (
        text.one_line("a\x00\x08 \n\t b\u202e \u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f680\ud800\uffff c\x1b")
        == "a b \u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f680 c"
    )


def test_paragraphs_are_parted_by_empty_lines() -> None:
    """Line ends of any system part paragraphs; empty ones are no paragraphs."""
    assert text.paragraphs("one\r\ntwo\r\n\r\n \n\nthree\n\n") == ("one two", "three")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://[bad",
        "https://example.org/" + "a" * 2000,
        "",
        None,
    ],
)
def test_addresses_that_listeners_must_not_be_sent_to(url: str | None) -> None:
    """Only http and https, without a password and without white space, is a web address."""
    assert text.web_address(url) is None


def test_web_address_is_plain_ascii() -> None:
    """Letters beyond ASCII and quotation marks are escaped; what is escaped already stays."""
    assert text.web_address('https://example.org/é"%20?q=1&r=%C3%A9') == "https://example.org/%C3%A9%22%20?q=1&r=%C3%A9"


def test_shorten_cuts_after_a_word() -> None:
    """A text that is cut ends with a whole word and an ellipsis, within the limit."""
    assert text.shorten("one two three", 10) == "one two\u2026"
    assert text.shorten("one", 3) == "one"


def test_times_are_utc_and_carry_the_right_weekday() -> None:
    """Any zone, or none, comes out as an RFC 2822 date in GMT."""
    assert text.rfc2822(text.moment("2026-11-21T04:00:00+01:00")) == "Sat, 21 Nov 2026 03:00:00 GMT"
    assert text.moment("2026-11-21T04:00:00") == dt.datetime(2026, 11, 21, 4, tzinfo=dt.UTC)


def test_clock_counts_hours() -> None:
    """Times in descriptions are hours, minutes and whole seconds."""
    assert text.clock(3665.9) == "01:01:05"
