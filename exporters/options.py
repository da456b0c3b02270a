"""Values of a command's options, as problems where they are wrong."""

from __future__ import annotations

from exporters.durations import parse_duration
from exporters.problems import InputError, problem


def read_duration(option: str, text: str) -> float:
    """Return the seconds that an option gives as a Prometheus duration.

    Args:
        option: its name, for problems: ``--period``.
        text: what was given.

    Raises:
        InputError: if it is no duration.
    """
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError([problem(option, str(error))]) from None
