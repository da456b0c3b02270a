"""The error-budget policy: data, and where a service stands by it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from exporters.documents import read_document

OURS = Path(__file__).with_name("policy.yaml")
UNKNOWN = "unknown"


class PolicyLevel(BaseModel):
    """What holds from a share of a budget on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    spent_from: Annotated[float, Field(ge=0, le=10)]
    means: Annotated[str, Field(min_length=1)]
    decides: Annotated[str, Field(min_length=1)]


class Policy(BaseModel):
    """All levels, the first from nothing on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    levels: Annotated[tuple[PolicyLevel, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_rising(self) -> Self:
        shares = [each.spent_from for each in self.levels]
        if shares[0] != 0 or shares != sorted(set(shares)):
            raise ValueError(
                f"found levels from {shares}, expected rising shares that begin with 0"
            )
        return self

    def level(self, spent: float) -> PolicyLevel:
        """Return the level that holds where a share of a budget is spent."""
        return next(each for each in reversed(self.levels) if max(spent, 0.0) >= each.spent_from)


def read_policy(path: Path = OURS) -> Policy:
    """Return the policy in a file.

    Raises:
        InputError: if it cannot be read, or is none.
    """
    return read_document(path).parse(Policy)
