"""Who may read, write and sign: on loopback anybody, elsewhere who has a token or comes by a proxy.

A token is given as ``Authorization: Bearer TOKEN``, or as the password of Basic, which browsers ask
for. A proxy's word is taken from its own address alone: whoever reaches the port could say it too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import urlsplit

from exporters.problems import InputError, problem
from slo.review.access import SHORTEST_TOKEN
from slo.review.webhook import storable
from slo.web.guard import is_loopback

_LONGEST_NAME = 200


class Role(IntEnum):
    """What somebody may do; each includes the ones before."""

    READ = 1
    WRITE = 2
    SIGN = 3


@dataclass(frozen=True)
class Person:
    """Who asks."""

    name: str
    role: Role
    is_named: bool = True
    """Whether anybody vouches for the name."""


ANYBODY = Person("somebody on this machine", Role.SIGN, is_named=False)


@dataclass(frozen=True)
class Proxy:
    """A proxy that lets people in and says who they are."""

    header: str
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    """That it asks from."""
    role: Role


@dataclass(frozen=True)
class Gate:
    """Tells who asks."""

    tokens: tuple[tuple[bytes, Person], ...] = ()
    """SHA-256 of each, and whose it is."""
    proxy: Proxy | None = None

    def person(self, authorization: str, proxied_as: str, peer: str) -> Person | None:
        """Return who asks; None for whom nobody knows.

        Args:
            authorization: the header of that name.
            proxied_as: what the proxy's header says; empty without one.
            peer: the address that the request came from.
        """
        if not self.tokens and self.proxy is None:
            return ANYBODY
        name = storable(proxied_as.strip())[:_LONGEST_NAME]
        if self.proxy is not None and name and _is_within(peer, self.proxy):
            return Person(name, self.proxy.role)
        given = hashlib.sha256(_token(authorization)).digest()
        found = None
        for known, person in self.tokens:  # all of them: how long it takes tells nothing
            if hmac.compare_digest(known, given):
                found = person
        return found


def read_gate(host: str, tokens_file: Path | None, proxy: Proxy | None) -> Gate:
    """Return who is let in at a host.

    Raises:
        InputError: if the file cannot be used, or others can reach us and nobody is told apart.
    """
    if tokens_file is None and proxy is None and not is_loopback(host):
        found = f"found {host}, which others reach, and nothing that tells them apart"
        fix = "name --tokens-file or --proxy-header, or listen on 127.0.0.1"
        raise InputError([problem("--listen", found, fix=fix)])
    return Gate(() if tokens_file is None else _read_tokens(tokens_file), proxy)


def read_proxy(header: str | None, networks: list[str], role: str) -> Proxy | None:
    """Return the proxy that options name; None for none.

    Raises:
        InputError: if they name none.
    """
    if header is None:
        return None
    try:
        read = tuple(ipaddress.ip_network(each) for each in networks)
    except ValueError as error:
        raise InputError([problem("--proxy-from", f"{error}, such as 10.1.2.3/32")]) from None
    if not read:
        fix = "name the addresses that it asks from: --proxy-from 127.0.0.1/32"
        raise InputError([problem("--proxy-header", "found no --proxy-from", fix=fix)])
    return Proxy(header, read, _role(role, "--proxy-role"))


def read_public_url(text: str | None) -> str | None:
    """Return the address that people reach the service by; None for none.

    Raises:
        InputError: if it is none, or has a path: pages are at the top of it.
    """
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or parts.path not in ("", "/") or parts.query or parts.username:
        fix = "give the address that browsers show, without a path"
        said = f"found {text[:200]!r}, expected one such as https://reviews.example.com"
        raise InputError([problem("--public-url", said, fix=fix)])
    return text


def _read_tokens(file: Path) -> tuple[tuple[bytes, Person], ...]:
    """Return the tokens of a file: each line has a name, a role and a token."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "no UTF-8"
        raise InputError([problem(file, f"cannot be read: {said}")]) from None
    found: list[tuple[bytes, Person]] = []
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        where = f"{file}:{number}"
        if len(parts) != 3:  # the line has a secret: it is not shown
            said = f"found {len(parts)} words, expected a name, a role and a token"
            raise InputError([problem(where, said, fix="ada sign 0123456789abcdef...")])
        name, role, token = parts
        if len(token) < SHORTEST_TOKEN:
            said = f"found a token of {len(token)} characters, expected {SHORTEST_TOKEN} at least"
            raise InputError([problem(where, said, fix="write one with `openssl rand -hex 32`")])
        key = hashlib.sha256(token.encode()).digest()
        if key in dict(found):
            raise InputError([problem(where, "found a token that another line has too")])
        found.append((key, Person(storable(name)[:_LONGEST_NAME], _role(role, where))))
    if not found:
        raise InputError([problem(file, "found no token, expected one at least")])
    return tuple(found)


def _role(text: str, where: str) -> Role:
    try:
        return Role[text.upper()]
    except KeyError:
        found = f"found {text!r}, expected read, write or sign"
        raise InputError([problem(where, found)]) from None


def _token(authorization: str) -> bytes:
    kind, _, given = authorization.partition(" ")
    if kind.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return given.strip().encode("utf-8", "replace") if kind.lower() == "bearer" else b""


def _is_within(peer: str, proxy: Proxy) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # who asks by IPv4 where we listen at [::]
    return any(address in network for network in proxy.networks)
