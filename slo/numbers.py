"""Numbers of users' files, exactly as they were written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator

from exporters.documents import WrittenFloat, shown


def read_decimal(value: Any) -> Any:
    """Return a number of a document as the Decimal of its text: 0.999 is 0.999, no float.

    Raises:
        ValueError: if it is no finite number.
    """
    if isinstance(value, WrittenFloat):
        try:
            number = Decimal(value.text)
        except InvalidOperation:
            raise ValueError(
                f"found {value.text}, expected a number; write 0.999 or the like"
            ) from None
        if number.is_finite():
            return number
    elif isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError(f"found {shown(value)}, expected a number; write 0.999 or the like")


def read_share(value: Any) -> Any:
    """Return a number of a document that is a share: above 0 and below 1, exactly.

    Raises:
        ValueError: if it is none.
    """
    number = read_decimal(value)
    if not 0 < number < 1:
        raise ValueError(
            f"found {shown(value)}, expected a share above 0 and below 1, such as 0.999"
        )
    return number


Share = Annotated[Decimal, BeforeValidator(read_share)]
"""A YAML number above 0 and below 1, held exactly."""


def read_share_or_all(value: Any) -> Any:
    """Return a number of a document that is a share, or all of it: above 0, up to 1, exactly.

    Raises:
        ValueError: if it is none.
    """
    number = read_decimal(value)
    if not 0 < number <= 1:
        raise ValueError(f"found {shown(value)}, expected a share above 0, up to 1; write 0.999")
    return number


def read_percent(value: Any) -> Any:
    """Return a percentage of a document, above 0 and up to 100, as a share: 99.95 is 0.9995.

    Raises:
        ValueError: if it is none.
    """
    number = read_decimal(value)
    if not 0 < number <= 100:
        raise ValueError(f"found {shown(value)}, expected percent above 0, up to 100; write 99.9")
    return number.scaleb(-2)


ShareOrAll = Annotated[Decimal, PlainValidator(read_share_or_all)]
"""A YAML number above 0, up to 1, held exactly."""
Percent = Annotated[Decimal, PlainValidator(read_percent)]
"""A YAML number above 0, up to 100, held exactly, as a share."""
Number = Annotated[Decimal, PlainValidator(read_decimal)]
"""Any YAML number, held exactly."""
