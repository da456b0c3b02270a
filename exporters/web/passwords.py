"""Who may read an exporter: HTTP basic authentication against bcrypt hashes.

As the Prometheus exporter toolkit does it: an unknown user costs as much time as a wrong password,
and what was found out about a password is remembered, for bcrypt is slow by design and Prometheus
comes with each scrape.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
"""A bcrypt hash: version, cost from 4 to 31, salt and digest."""
MOST_REMEMBERED = 100
"""Wrong passwords that need not be looked at again."""
MOST_WAITING = 64
"""Passwords that wait for bcrypt, 5 s at the usual cost; a further one is refused without a
look."""
MOST_OF_ADDRESS = 2
"""Of them, from one address."""
_READ_BYTES = 72
"""bcrypt reads no more of a password."""
_NOBODYS_HASH = "$2b$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
"""Of the password ``fakepassword``, which the toolkit compares unknown users' with."""


_COMPARING = ThreadPoolExecutor(1, "passwords")
"""One after another, for bcrypt takes a core; apart from what else runs in threads."""


class BusyError(Exception):
    """Too many passwords are being looked at."""


class Doorkeeper:
    """Knows the users of one configuration.

    Whoever tries passwords shuts out nobody who has come in before: right passwords are remembered
    apart from wrong ones, and an address has a place or two in the queue, not all.

    Args:
        users: bcrypt hashes by name; if there are none, everybody may enter.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        """The last right password of each user, as what is seen of it."""
        self._wrong: dict[bytes, None] = {}
        self._waiting: Counter[str] = Counter()

    async def admits(self, authorization: str, address: str = "") -> bool:
        """Return whether a header ``Authorization`` is a user's.

        Args:
            authorization: what the header says.
            address: where the request comes from.

        Raises:
            BusyError: if too many others are waiting to know, or too many of that address.
        """
        if not self._users:
            return True
        credentials = _parse_basic(authorization)
        if credentials is None:
            return False
        name, password = credentials
        hashed = self._users.get(name, _NOBODYS_HASH)
        # Keyed, so that nothing that stays in memory can be turned into a password.
        seen = hmac.digest(self._key, f"{name}\0{hashed}\0".encode() + password, hashlib.sha256)
        if self._right.get(name) == seen:
            return True
        if seen in self._wrong:
            return False
        if await self._compare(password, hashed, address) and name in self._users:
            self._right[name] = seen
            return True
        while len(self._wrong) >= MOST_REMEMBERED:
            del self._wrong[next(iter(self._wrong))]
        self._wrong[seen] = None
        return False

    async def _compare(self, password: bytes, hashed: str, address: str) -> bool:
        if self._waiting.total() >= MOST_WAITING or self._waiting[address] >= MOST_OF_ADDRESS:
            raise BusyError
        self._waiting[address] += 1
        try:
            comparison = _COMPARING.submit(_check, password, hashed)
            return await asyncio.wrap_future(comparison)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


def _check(password: bytes, hashed: str) -> bool:
    import bcrypt  # noqa: PLC0415 - only where there are passwords

    try:
        return bcrypt.checkpw(password[:_READ_BYTES], hashed.encode())
    except ValueError:
        return False


def _parse_basic(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode("utf-8"), password) if colon else None
    except (binascii.Error, ValueError):
        return None
