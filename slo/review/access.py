"""Who may send webhooks: on loopback anybody, elsewhere who has the token."""

from __future__ import annotations

import hmac
from pathlib import Path

from exporters.problems import InputError, problem
from slo.web.guard import is_loopback

SHORTEST_TOKEN = 16


def read_webhook_token(host: str, file: Path | None) -> bytes | None:
    """Return the token that webhooks must have; None if they need none.

    Raises:
        InputError: if the file cannot be used, or there is none and others than we can send.
    """
    if file is None:
        if is_loopback(host):
            return None
        found = f"found {host}, which others reach, and no token that webhooks must have"
        fix = "name a file with one by --webhook-token-file, or listen on 127.0.0.1"
        raise InputError([problem("--listen", found, fix=fix)])
    return read_secret(file)


def read_secret(file: Path) -> bytes:
    """Return what a file keeps.

    Raises:
        InputError: if it cannot be read, or has too little to be a secret.
    """
    try:
        token = file.read_bytes().strip()
    except OSError as error:
        raise InputError([problem(file, f"cannot be read: {error.strerror}")]) from None
    if len(token) < SHORTEST_TOKEN:
        found = f"found {len(token)} characters, expected {SHORTEST_TOKEN} at least"
        raise InputError([problem(file, found, fix="write one with `openssl rand -hex 32`")])
    return token


def is_allowed(authorization: str, token: bytes | None) -> bool:
    """Tell whether a header ``Authorization`` has the token."""
    if token is None:
        return True
    kind, _, given = authorization.partition(" ")
    given_bytes = given.strip().encode("utf-8", "replace")
    return kind.lower() == "bearer" and hmac.compare_digest(given_bytes, token)
