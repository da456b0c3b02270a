"""The person on call: takes each page, so that the record of reviews has when somebody did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from demo.stack.report import Page
from slo import conventions

NAME = "Ada"
TAKES_AFTER_SECONDS = 40.0
"""From a page to its acknowledgement: as long as it takes to find the phone."""


class Telephone(Protocol):
    """What a page is acknowledged by."""

    async def acknowledge(self, dedup_key: str, by: str) -> bool:
        """Acknowledge an incident; tell whether it was open still."""


@dataclass
class OnCall:
    """Acknowledges pages some time after they came; tickets wake nobody."""

    telephone: Telephone
    _rings: dict[str, float] = field(default_factory=dict)
    """When each incident that nobody took yet paged first, by its dedup key."""
    _heard: set[str] = field(default_factory=set)

    def hear(self, page: Page, now: float) -> None:
        """Take note of an event of PagerDuty's at a time, UNIX seconds."""
        key = str(page.event["dedup_key"])
        if page.action == "resolve":
            self._rings.pop(key, None)
            self._heard.discard(key)
        elif page.details.get(conventions.SEVERITY) == conventions.PAGE and key not in self._heard:
            self._rings[key] = now
            self._heard.add(key)

    async def take(self, now: float) -> int:
        """Acknowledge what has rung for long enough; return how many incidents were taken.

        What cannot be told now is told the next time.

        Raises:
            aiohttp.ClientError: if it cannot.
        """
        taken = 0
        for key in [key for key, at in self._rings.items() if now >= at + TAKES_AFTER_SECONDS]:
            taken += await self.telephone.acknowledge(key, NAME)
            del self._rings[key]
        return taken
