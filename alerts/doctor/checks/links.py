"""Where the links of pages lead."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm
from alerts.doctor.seen import Seen
from alerts.own_machine import WHAT_IS_THERE, links_to_own_machine


def find_own_machine(seen: Seen) -> Iterator[Found]:
    """Yield the links that lead whoever is paged to their own machine."""
    for name, url in links_to_own_machine(seen.config.file).items():
        there = WHAT_IS_THERE[name]
        yield Found(
            f"{seen.config.path.name}: links.{name}",
            f"{url}, which leads whoever is paged to their own machine",
            f"where people reach {there}",
            f"say it under `links: {{{name}: URL}}`, and build again",
        )


CHECKS = (
    Check("links/own-machine", Harm.LATE, "Links of pages lead whoever is paged to their own "
          "machine.", find_own_machine),
)  # fmt: skip
