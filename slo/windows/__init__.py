"""The windows of burn alerts as data, with their source."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from exporters.documents import read_document, shown
from exporters.fields import Seconds
from slo.burn import Tier
from slo.numbers import Number, Share

NO_TIERS = "none"
"""Where tiers are chosen by name: no burn alerts."""


class _TierEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    severity: Literal["page", "ticket"]
    long: Seconds
    short: Seconds
    budget_share: Share = Decimal(0)
    factor: Number | None = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.factor is None) == (not self.budget_share):
            raise ValueError("expected one of budget_share and factor")
        return self


class _WindowsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    tiers: Annotated[list[_TierEntry], Field(min_length=1)]


@cache
def read_tiers(name: str = "workbook") -> tuple[Tier, ...]:
    """Return the tiers in the file ``name`` of this package, the fastest first."""
    file = read_document(Path(__file__).parent / f"{name}.yaml").parse(_WindowsFile)
    tiers = (
        Tier(each.severity, int(each.long), int(each.short), each.budget_share, each.factor)
        for each in file.tiers
    )
    return tuple(sorted(tiers, key=lambda tier: tier.long_seconds))


def choose_tiers(text: str) -> tuple[Tier, ...]:
    """Return the tiers that a text chooses: ``workbook``, ``workbook:1h,6h``, ``none``.

    Raises:
        ValueError: if there is no such file, or no such tier in it, or it names one twice.
    """
    name, colon, chosen = (part.strip() for part in text.partition(":"))
    if text.strip() == NO_TIERS:
        return ()
    if name not in tier_names():
        there = ", ".join((*tier_names(), NO_TIERS))
        raise ValueError(
            f"found {shown(text)}, expected one of {there}; some tiers of one are written "
            "workbook:1h,6h"
        )
    tiers = read_tiers(name)
    if not colon:
        return tiers
    windows = [part.strip() for part in chosen.split(",")]
    unknown = [each for each in windows if each not in {tier.name for tier in tiers}]
    if unknown or len(set(windows)) < len(windows):
        wrong = f"no tier {shown(unknown[0])} in" if unknown else "a tier twice of"
        there = ", ".join(tier.name for tier in tiers)
        raise ValueError(f"found {wrong} {name}, expected each once of {there}; correct the list")
    return tuple(tier for tier in tiers if tier.name in windows)


def tier_names() -> list[str]:
    """Return the names of the files in this package, sorted."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.yaml"))
