"""Why a change of the record is refused: said to whoever asked for it, and nothing is written."""

from __future__ import annotations


class RefusedError(Exception):
    """Of all of them; its text says what was found, and what to do."""


class MissingError(RefusedError):
    """What is to be changed is not there."""


class StaleError(RefusedError):
    """Somebody else changed it meanwhile."""


class ConflictError(RefusedError):
    """It is signed, or there already, or not over yet."""


class UnusableError(RefusedError):
    """What is to be written is none: no text, no day, too much."""
