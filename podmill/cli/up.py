"""``podmill up``: the node, until Ctrl-C."""

from typing import TYPE_CHECKING

from podmill.cli.options import AsJson
from podmill.cli.output import note, print_json
from podmill.money import lists
from podmill.money.accounts import together
from podmill.settings import current

if TYPE_CHECKING:
    from podmill.node import Node


def up(as_json: AsJson = False) -> None:
    """Run broker, workers, beat, web pages and Flower until Ctrl-C."""
    from podmill import node

    settings = current()
    prices, _ = lists.load(settings)
    from podmill.preflight import unpriced

    if unknown := unpriced(settings, prices):
        raise together(unknown)

    def announce(started: "Node") -> None:
        info = started.info
        if info is None:
            return
        if as_json:
            # The broker's address may carry a password, so it is not told.
            print_json({"pid": info.pid, "web_url": info.web_url, "flower_url": info.flower_url})
        note(f"Podmill is up: {settings.home}")
        note(f"  pages   {info.web_url}")
        note(f"  Flower  {info.flower_url}, user {settings.flower_user}")
        note(f"  password in {settings.home / 'password'}, unless one is set")
        note("Ctrl-C stops it; what is under way is finished or handed back.")

    node.up(settings, announce)
