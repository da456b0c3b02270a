"""What all tables have in common."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, BigInteger, Double, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

Number = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
]
"""A key that the database counts up."""
COUNTS_ON: dict[str, Any] = {"sqlite_autoincrement": True}
"""Of a table whose numbers are given once: those of what is gone are not given again."""
Digest = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Of all tables; constraints are named, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        float: Double,
        dict[str, Any]: JSON(none_as_null=True),
        str: Text,
    }
