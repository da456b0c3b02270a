"""Secrets where the path of their file should stand: refused, and never repeated.

What is wrong with a configuration is printed, logged, and pasted into tickets: a secret that was
told there has been given away.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

_MOVE = "move it there, and replace it, for it has been seen"
_KEY = re.compile(r"[A-Za-z0-9+=_-]{32,}")
"""As routing keys, tokens and digests are: names of files are shorter, or have a dot or a slash."""
_SETS_SECRET = re.compile(
    r"(?:^|[\s{,-])['\"]?\w*(?:password|secret|token|routing_key|service_key|api_key|api_url"
    r"|credentials|integration_key)['\"]?\s*:\s*\S"
)
"""A line of YAML that gives one itself. Keys that end with ``_file`` do not."""


def has_user(address: str) -> bool:
    """Tell whether an address, with a scheme or without, says who asks: ``USER:PASSWORD@HOST``."""
    try:
        return "@" in (urlsplit(address).netloc or address.partition("/")[0])
    except ValueError:  # "http://[": no address at all
        return "@" in address


def without_secrets(line: str) -> str:
    """Return a line of a configuration as it may be told; ``a secret`` where it gives one."""
    if _SETS_SECRET.search(line) or re.search(r"://[^/\s]*@", line):
        return "a secret"
    return line


def _secret_file(value: Any) -> Any:
    if not isinstance(value, str | Path):
        raise ValueError("found no text, expected the path of a file that holds the secret alone")  # noqa: TRY004 - pydantic takes no TypeError
    text = str(value)
    if _KEY.fullmatch(text) or "://" in text:
        raise ValueError(
            "found what seems to be the secret itself, expected the path of a file that holds it "
            f"alone; {_MOVE}"
        )
    return value


SecretFile = Annotated[Path, BeforeValidator(_secret_file)]
"""The path of a file that holds a secret."""
