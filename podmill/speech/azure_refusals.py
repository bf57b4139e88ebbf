"""What an answer of Azure Speech that is not speech means.

Statuses: its page of the REST interface for text to speech, as of November 2026. Bodies are empty, short texts or HTML:
they are shown, and judged by only where a 403 speaks of a quota.
"""

import re
from typing import Final

from podmill.errors import (
    BusyError,
    ConfigurationError,
    InDoubtError,
    PodmillError,
    QuotaError,
    RefusedError,
    TransientError,
)
from podmill.providers.replies import RETRY_AFTER_MAX_S, said, wait_s
from podmill.speech.hosted import Answer

KEY: Final = "PODMILL_AZURE_SPEECH_KEY"
URL: Final = "PODMILL_AZURE_SPEECH_REGION or PODMILL_AZURE_SPEECH_URL"

TAG: Final = re.compile(r"<[^<>]{0,500}>")


def error(answer: Answer, passage: str, *, secret: str) -> PodmillError:
    """The error that an answer with another status than 200 is.

    Args:
        passage: what was to be spoken, as a message names it.
        secret: the key, which must not get into a message even if the answer repeats it.
    """
    status = answer.status
    told = f"Azure answers {status}: {said(TAG.sub(' ', answer.text), secret) or 'no reason given'}."
    if status == 429:
        return _limit(told, answer)
    if status == 401:
        return ConfigurationError(told, action=f"Check {KEY}, and that {URL} is that of its resource.")
    if status == 403 and "quota" in told.lower():
        return _used_up(told)
    if status == 403:
        return ConfigurationError(told, action=f"Check the roles, the plan and the month's allowance of {KEY}.")
    if status == 404 or 300 <= status < 400:
        return ConfigurationError(told, action=f"Check {URL}.")
    if status in (500, 502, 503):
        return TransientError(told, retry_after_s=wait_s(answer.headers.get("retry-after")))
    if 400 <= status < 500 and status not in (408, 499):
        return RefusedError(
            f"Azure cannot speak {passage}. {told}",
            action="Check that its region has the voice, or change the passage.",
        )
    # Somebody on the way gave up waiting: speech may have been made.
    return InDoubtError(f"{told} Whether it charged for {passage} is not known.")


def unreadable(exc: InDoubtError) -> TransientError:
    """Reading costs nothing: it may be tried again."""
    return TransientError(f"Azure cannot be read now: {exc.message}")


def _limit(told: str, answer: Answer) -> PodmillError:
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit() and len(after) < 10 and int(after) > RETRY_AFTER_MAX_S:
        return _used_up(told)
    return BusyError(f"Azure takes no more requests now. {told}", retry_after_s=wait_s(after))


def _used_up(told: str) -> QuotaError:
    return QuotaError(
        f"The month's allowance of Azure is used up. {told}",
        action="Wait for the next month or change the plan, then run: podmill retry",
    )
