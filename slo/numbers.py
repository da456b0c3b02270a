"""Numbers of users' files, exactly as they were written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

from exporters.documents import WrittenFloat


def read_decimal(value: Any) -> Any:
    """Return a number of a document as the Decimal of its text: 0.999 is 0.999, no float.

    Raises:
        ValueError: if it is no finite number.
    """
    if isinstance(value, WrittenFloat):
        try:
            number = Decimal(value.text)
        except InvalidOperation:
            raise ValueError(f"found {value.text}, expected a number such as 0.999") from None
        if number.is_finite():
            return number
    elif isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError(f"found {value!r}, expected a number such as 0.999")


def read_share(value: Any) -> Any:
    """Return a number of a document that is a share: above 0 and below 1, exactly.

    Raises:
        ValueError: if it is none.
    """
    number = read_decimal(value)
    if not 0 < number < 1:
        raise ValueError(f"found {value!r}, expected a share above 0 and below 1, such as 0.999")
    return number


Share = Annotated[Decimal, BeforeValidator(read_share)]
"""A YAML number above 0 and below 1, held exactly."""
