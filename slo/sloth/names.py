"""Sloth's names, in the letters that OpenSLO's names have."""

from __future__ import annotations

import re

_OTHERS = re.compile(r"[._]")


def rfc1123(name: str) -> str:
    """Return a name of Sloth's in lower case, with hyphens for dots and underscores.

    Sloth's names begin and end with a letter or a digit, and have nothing else in them; they may be
    too long for a label.
    """
    return _OTHERS.sub("-", name.lower())
