"""JSON of which nothing is certain: anybody's dashboard, with what a panel should hold or not.

A value of the wrong type counts as one that is not there, so that one odd field costs itself and no
more. What cannot be drawn without it is said where it is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def mapping(value: Any) -> Json:
    """Return a mapping with texts as keys; empty if it is none."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Json]:
    """Return the mappings of a list; empty if it is none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the texts of a list, or a text alone, as a list."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def text(value: Any, otherwise: str = "") -> str:
    """Return a text; numbers are written out."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else otherwise


def number(value: Any) -> float | None:
    """Return a finite number, also of a text that is one; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any, otherwise: int, lowest: int, highest: int) -> int:
    """Return a whole number within bounds."""
    found = number(value)
    return otherwise if found is None else int(min(max(found, lowest), highest))


def at(value: Any, *path: str) -> Any:
    """Return what stands at a path of keys; None if there is nothing."""
    for key in path:
        value = mapping(value).get(key)
    return value


def first(values: Sequence[Any]) -> Any:
    """Return the first value that is not None; None if there is none."""
    return next((each for each in values if each is not None), None)
