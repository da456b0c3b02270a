"""The labels of alerts, whose templates may say ``{{ $labels.x }}`` and ``{{ $value }}``.

More of Go's templates would be a language of its own; of labels, which tell alerts apart, nothing
else is wanted. Annotations are not rendered at all: they change nothing of when an alert fires.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

Rendering = Callable[[Mapping[str, str], float], str]
"""Gives the text for an element's labels and its value."""

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABELS = ("$labels.", ".Labels.")
_VALUES = ("$value", ".Value")


def check_template(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a label's template, and what to do; None if it can be rendered."""
    try:
        read_template(text)
    except ValueError as error:
        return str(error), "give the label a fixed value, or one of another label"
    return None


def uses_value(text: str) -> bool:
    """Tell whether a template says the value: then its label changes from moment to moment."""
    return any(part.strip("- ") in _VALUES for part in _pieces(text)[1::2])


def is_fixed(text: str) -> bool:
    """Tell whether a text is no template at all."""
    return "{{" not in text


def read_template(text: str) -> Rendering:
    """Return how to render a label's template.

    Raises:
        ValueError: if it says anything but labels and the value.
    """
    pieces = _pieces(text)
    if len(pieces) == 1:
        return lambda labels, value: text  # noqa: ARG005 - as all renderings are called
    parts: list[Rendering] = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            parts.append(_fixed(_trimmed(pieces, index)))
        else:
            parts.append(_action(piece))
    return lambda labels, value: "".join(each(labels, value) for each in parts)


def _pieces(text: str) -> list[str]:
    """Return a template cut at its braces: text, action, text, ..., text."""
    pieces = _ACTION.split(text)
    if any("{{" in each for each in pieces[::2]):
        raise ValueError("found {{ without }}")
    return pieces


def _trimmed(pieces: list[str], index: int) -> str:
    """Return a text without the space that ``-`` of an action beside it takes away."""
    text = pieces[index]
    if index and pieces[index - 1].endswith(" -"):
        text = text.lstrip()
    if index + 1 < len(pieces) and pieces[index + 1].startswith("- "):
        text = text.rstrip()
    return text


def _fixed(text: str) -> Rendering:
    return lambda labels, value: text  # noqa: ARG005 - as all renderings are called


def _action(action: str) -> Rendering:
    said = action.removeprefix("- ").removesuffix(" -").strip()
    for start in _LABELS:
        name = said.removeprefix(start)
        if name != said and name.isidentifier():
            return lambda labels, value: labels.get(name, "")  # noqa: ARG005 - see above
    if said in _VALUES:
        return lambda labels, value: format_number(value)  # noqa: ARG005 - see above
    raise ValueError(
        f"found {{{{{action}}}}}, expected {{{{ $labels.NAME }}}} or {{{{ $value }}}}: "
        "of labels nothing else is rendered here"
    )


def format_number(value: float) -> str:
    """Return a number as Go's templates print it: the shortest text, exponents from 1e+06 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    written = Decimal(repr(value))
    exponent = written.adjusted()
    if not value or -4 <= exponent < 6:
        return repr(value).removesuffix(".0")
    digits = "".join(map(str, written.as_tuple().digits)).rstrip("0")
    mantissa = digits[0] + (f".{digits[1:]}" if digits[1:] else "")
    return f"{'-' if value < 0 else ''}{mantissa}e{exponent:+03d}"
