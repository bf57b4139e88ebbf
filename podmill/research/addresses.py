"""Web addresses: which may be asked for, and which hosts may be connected to."""

import ipaddress
import re
from collections.abc import Iterator

import httpx2

from podmill.errors import SourceError

ADDRESS_MAX_CHARS = 2048
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(address: str, *, plain_http: bool = False) -> httpx2.URL:
    """An address that may be asked for, parsed; its fragment is dropped.

    Raises:
        SourceError: it is not https (or http where ``plain_http`` allows it), has no host, or carries a password.
    """
    shown = redact(address)
    if len(address) > ADDRESS_MAX_CHARS or _UNSEEN.search(address):
        raise SourceError(f"{shown}: not a web address.", action="Give one https address without spaces.")
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        raise SourceError(f"{shown}: not a web address.", action="Give an address like https://host/page.") from None
    if url.port is not None and not 0 < url.port < 65536:
        raise SourceError(f"{shown}: has no valid port.", action="Correct the address.")
    schemes = ("https", "http") if plain_http else ("https",)
    if url.scheme not in schemes or not _HOST.fullmatch(url.raw_host.decode("ascii")):
        raise SourceError(
            f"{shown}: only https addresses are read.", action="Give the https address, or save the page as a file."
        )
    if url.userinfo:
        raise SourceError(
            f"{shown}: an address with a user name or password is not read, since it would end up in citations.",
            action="Save the document as a file and give that.",
        )
    return url.copy_with(fragment=None)


def redact(address: str) -> str:
    """An address as it may be shown and logged: no user name, password, query or fragment."""
    bare = re.split(r"[?#]", address.strip(), maxsplit=1)[0]
    bare = re.sub(r"(?<=://)[^/]*@", "", bare)
    return _UNSEEN.sub("?", bare)[:200]


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the public internet, and every address hidden inside it does too."""
    return all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_unspecified) for one in _faces(address)
    )


def _faces(address: IPAddress) -> Iterator[IPAddress]:
    # Mapped, 6to4 and NAT64 addresses reach the IPv4 host they embed: ``::ffff:127.0.0.1`` is this machine.
    embedded: IPAddress | None = None
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if not address.ipv4_mapped and address not in _NAT64:
            yield address
    else:
        yield address
    if embedded is not None:
        yield embedded
