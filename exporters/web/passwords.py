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
from collections.abc import Mapping

HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
"""A bcrypt hash: version, cost from 4 to 31, salt and digest."""
MOST_REMEMBERED = 100
MOST_WAITING = 16
"""Passwords that wait for bcrypt; a further one is refused without a look."""
_READ_BYTES = 72
"""bcrypt reads no more of a password."""
_NOBODYS_HASH = "$2b$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
"""Of the password ``fakepassword``, which the toolkit compares unknown users' with."""


class BusyError(Exception):
    """Too many passwords are being looked at."""


class Doorkeeper:
    """Knows the users of one configuration.

    Args:
        users: bcrypt hashes by name; if there are none, everybody may enter.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, bool] = {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def admits(self, authorization: str) -> bool:
        """Return whether a header ``Authorization`` is a user's.

        Raises:
            BusyError: if too many others are waiting to know.
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
        if seen not in self._known:
            matches = await self._compare(password, hashed) and name in self._users
            while len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[seen] = matches
        return self._known[seen]

    async def _compare(self, password: bytes, hashed: str) -> bool:
        if self._waiting >= MOST_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(_check, password, hashed)
        finally:
            self._waiting -= 1


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
