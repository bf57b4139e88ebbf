"""That an answer has arrived, before a slow client has read it."""

import httpx

from podmill import offer


def tell_answered(response: httpx.Response) -> None:
    """For the hooks of a client that pays by POST: its SDK may take a third of a second to read what has come."""
    if response.request.method == "POST" and response.is_success:
        response.read()
        offer.answered()
