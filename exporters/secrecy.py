"""Secrets where the path of their file should stand: refused, and never repeated.

What is wrong with a configuration is printed, logged, and pasted into tickets: a secret that was
told there has been given away.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator

ALONE = "the path of a file that holds it alone"
MOVE = "move it there, and replace it, for it has been seen"
"""Where a secret belongs, and what is to be done with one that stands elsewhere."""
_MIXED = r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])"
_KEY = re.compile(rf"(?:(?=\D*\d)|{_MIXED})[A-Za-z0-9+=_-]{{32,}}")
"""As routing keys, tokens and digests are: names of files are shorter, have a dot or a slash, or
are of words alone."""
_BASE64 = re.compile(rf"(?:(?=[^+=]*[+=])|(?!/)(?=\D*\d){_MIXED})(?=.{{32}})[A-Za-z0-9+/]+={{0,2}}")
"""With ``+`` or ``=``, or of all kinds of characters: a path may be of letters and slashes, too."""
_JWT = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")
_SETS_SECRET = re.compile(
    r"(?:^|[\s{,-])['\"]?\w*(?:password|secret|token|routing_key|service_key|api_key|api_url"
    r"|credentials|integration_key)['\"]?\s*:\s*\S"
)
"""A line of YAML that gives one itself. Keys that end with ``_file`` do not."""

_HOST = r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])"
_NO_USER = re.compile(rf"{_HOST}(?:/[^:#?]*|:\d{{1,5}}(?:/[^@:#?]*)?)?(?:\?.*)?", re.IGNORECASE)
"""An address whose ``@`` is of its path or its query. Behind a port, a path has none: what seems to
be a port may be how a password begins."""
_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]+:/\S*")


def has_user(address: str) -> bool:
    """Tell whether an address, with a scheme or without, says who asks: ``USER:PASSWORD@HOST``.

    A password may have a slash, or ``#`` or ``?``, that nobody escaped. So wherever an ``@`` may be
    after one, it is: an ``@`` of a path is best written ``%40``.
    """
    return "@" in address and not _NO_USER.fullmatch(address)


def without_secrets(line: str) -> str:
    """Return a line of a configuration as it may be told; ``a secret`` where it gives one."""
    if _SETS_SECRET.search(line) or any(map(has_user, _ADDRESS.findall(line))):
        return "a secret"
    return line


def _secret_file(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str | Path):
        raise ValueError("found no text, expected the path of a file that holds the secret alone")  # noqa: TRY004 - pydantic takes no TypeError
    text = str(value)
    is_like_one = any(each.fullmatch(text) for each in (_KEY, _BASE64, _JWT))
    if "://" in text or (is_like_one and not _is_file(text, info.context)):
        raise ValueError(f"found what seems to be the secret itself, expected {ALONE}; {MOVE}")
    return value


def _is_file(path: str, context: Any) -> bool:
    """Tell whether a file is there, seen from the ``folder`` of the configuration, if any."""
    try:
        return bool(context) and (context["folder"] / path).is_file()
    except OSError:  # as a name it is too long
        return False


SecretFile = Annotated[Path, BeforeValidator(_secret_file)]
"""The path of a file that holds a secret. What seems to be one itself, and is no file's name beside
the configuration, is refused; short secrets and passphrases cannot be told from names."""


def not_shown(expected: str, *kinds: type) -> BeforeValidator:
    """Return a check that refuses what is of no such kind, and does not repeat it.

    Args:
        expected: as messages say it: ``a mapping``.
        kinds: that are let through.
    """

    def check(value: Any) -> Any:
        if not isinstance(value, kinds):
            raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
                f"found something else, not shown for it may be a secret, expected {expected}"
            )
        return value

    return BeforeValidator(check)


class NearSecrets(BaseModel):
    """A mapping at whose place, or in which, others write a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secrets: ClassVar[dict[str, str]] = {}
    """What others write a secret into, and what holds its file's path here."""

    @model_validator(mode="before")
    @classmethod
    def _has_no_secret(cls, data: Any) -> Any:
        if not isinstance(data, dict | cls):
            raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
                "found text or a list, not shown for it may be a secret, expected a mapping"
            )
        for name, instead in cls.secrets.items() if isinstance(data, dict) else ():
            if name in data:
                raise ValueError(f"found a secret in {name}, expected {instead}, {ALONE}; {MOVE}")
        return data
