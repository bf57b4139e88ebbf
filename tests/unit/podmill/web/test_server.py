import socket

import pytest

from podmill.errors import ConfigurationError
from podmill.web import server
from tests.releases import Studio


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_addresses(host: str) -> None:
    """Addresses that only this machine reaches."""
    assert server.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1"])  # noqa: S104 - refused
def test_addresses_that_others_may_reach(host: str) -> None:
    """All others count as open, also every address of the machine at once."""
    assert not server.is_loopback(host)


def test_the_web_does_not_open_without_a_password(studio: Studio) -> None:
    """Beyond loopback a password is asked for before anything is bound."""
    with pytest.raises(ConfigurationError, match="without a password"):
        server.serve(studio.settings, "0.0.0.0", 0)  # noqa: S104 - refused


def test_a_port_in_use_is_not_taken(studio: Studio) -> None:
    """Another program's port gives an error that names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}.*PODMILL_WEB_PORT"):
            server.serve(studio.settings, "127.0.0.1", port)
