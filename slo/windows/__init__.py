"""The windows of burn alerts as data, with their source."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from exporters.config import Seconds
from exporters.documents import read_document
from slo.burn import Tier
from slo.numbers import Share


class _TierEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Literal["page", "ticket"]
    long: Seconds
    short: Seconds
    budget_share: Share


class _WindowsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tiers: Annotated[list[_TierEntry], Field(min_length=1)]


@cache
def read_tiers(name: str = "workbook") -> tuple[Tier, ...]:
    """Return the tiers in the file ``name`` of this package, the fastest first."""
    file = read_document(Path(__file__).parent / f"{name}.yaml").parse(_WindowsFile)
    tiers = (
        Tier(each.severity, int(each.long), int(each.short), each.budget_share)
        for each in file.tiers
    )
    return tuple(sorted(tiers, key=lambda tier: tier.long_seconds))
