"""Durations as Prometheus writes them: ``15s``, ``1h30m``, ``28d``.

Grammar and order of units: https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
"""

from __future__ import annotations

import re

_UNITS = (("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000),
          ("m", 60_000), ("s", 1_000), ("ms", 1))  # fmt: skip
_PATTERN = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
)

LONGEST_SECONDS = 2**63 / 1e9
"""292 years: Prometheus holds durations as nanoseconds in 64 bits."""


def parse_duration(text: str) -> float:
    """Return the seconds that a Prometheus duration stands for.

    Raises:
        ValueError: if ``text`` is no Prometheus duration, or is zero or too long to be one.
    """
    match = _PATTERN.fullmatch(text)
    milliseconds = sum(
        int(amount) * unit
        for amount, (_, unit) in zip(match.groups() if match else (), _UNITS, strict=False)
        if amount
    )
    if not milliseconds:
        raise ValueError(f"{text!r} is no duration such as 15s, 1h30m or 28d")
    if milliseconds > LONGEST_SECONDS * 1000:
        raise ValueError(f"{text!r} is longer than a duration may be, 292 years")
    return milliseconds / 1000


def format_duration(seconds: float) -> str:
    """Return the shortest Prometheus duration for ``seconds``, exact to a millisecond.

    Weeks and years are written as days, for that is how SLO periods are spoken of.

    Raises:
        ValueError: if ``seconds`` is below one millisecond.
    """
    rest = round(seconds * 1000)
    if rest <= 0:
        raise ValueError(f"{seconds!r} s is no duration above zero")
    text = ""
    for name, unit in _UNITS[2:]:
        amount, rest = divmod(rest, unit)
        if amount:
            text += f"{amount}{name}"
    return text
