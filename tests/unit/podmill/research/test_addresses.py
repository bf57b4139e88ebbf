"""Web addresses and what they may reach."""

import ipaddress

import pytest

from podmill.errors import SourceError
from podmill.research.addresses import is_public, parse, redact


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.org/a b"[:21], "https://example.org/a"),
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c"),
        ("HTTPS://EXAMPLE.org:8443/x", "https://example.org:8443/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://[2606:2800:220::1]/", "https://[2606:2800:220::1]/"),
    ],
)
def test_https_is_read(address: str, expected: str) -> None:
    """An https address is taken without its fragment."""
    assert expected == str(parse(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "example.org",
            "",
            "https://",
            "https:///x",
        ),
        *("https://me:word@example.org/", "https://me@example.org/", "https://exa mple.org/", "https://e.org/\r\nX: y"),
        *("https://example.org:99999/", "https://" + "a" * 3000, "javascript:alert(1)", "https://[", "https://]/"),
    ],
)
def test_the_rest_is_not(address: str) -> None:
    """Other schemes, passwords, spaces and nonsense are refused with a message."""
    with pytest.raises(SourceError):
        parse(address)


def test_plain_http_only_where_allowed() -> None:
    """Http is read where it is permitted."""
    assert str(parse("http://127.0.0.1/", plain_http=True)) == "http://127.0.0.1/"


def test_redacted() -> None:
    """What is shown has no user name, password, query or fragment."""
    assert redact("https://me:word@example.org/a?key=1#x") == "https://example.org/a"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:8.8.8.8"])
def test_public(address: str) -> None:
    """Addresses of the public internet, mapped ones included."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
    ],
)
def test_not_public(address: str) -> None:
    """Private, local, reserved and multicast ranges, plain or embedded in IPv6."""
    assert not is_public(ipaddress.ip_address(address))
