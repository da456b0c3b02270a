"""Which of the series that are asked for a server has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from alerts.lint.finding import Asking
from alerts.lint.label_sets import NAME
from alerts.lint.labels import name_of
from exporters.access import HttpAccess
from exporters.problems import InputError, problem
from slo.prometheus import PrometheusClient, PrometheusDeniedError, PrometheusError
from slo.promql import selectors_in
from slo.servers import NAME_WHO_ASKS_IN_A_FILE, access_to

AT_ONCE = 100
"""Names in a question."""
LOOKED_BACK = "1h"
"""A series that had a sample within this exists."""


def ask_server(url: str, http_config: Path | None, names: Sequence[str]) -> frozenset[str]:
    """Return those of these names of which a server has series.

    Args:
        url: of the server.
        http_config: how it is asked: a file of a ``http_client_config``.
        names: of series.

    Raises:
        InputError: if the file cannot be read, or the server does not answer.
    """
    access = access_to(url, http_config, None)
    return asyncio.run(_ask(url, access, names))


def names_asked_for(asking: Iterable[Asking]) -> list[str]:
    """Return the names of all series that expressions select, sorted."""
    found = {
        name_of(selector)
        for each in asking
        if each.parsed.tree is not None
        for selector in selectors_in(each.parsed.tree)
    }
    return sorted(each for each in found if each is not None)


async def served_names(prometheus: PrometheusClient, names: Sequence[str]) -> frozenset[str]:
    """Return those of these names of which a server has series.

    Raises:
        PrometheusError: if there is no answer, or the question is refused.
    """
    found: set[str] = set()
    for start in range(0, len(names), AT_ONCE):
        asked = "|".join(names[start : start + AT_ONCE])
        answer = await prometheus.query(
            f'group by ({NAME}) (last_over_time({{{NAME}=~"{asked}"}}[{LOOKED_BACK}]))'
        )
        found |= {each.labels.get(NAME, "") for each in answer}
    return frozenset(found)


async def _ask(url: str, access: HttpAccess | None, names: Sequence[str]) -> frozenset[str]:
    try:
        async with PrometheusClient(url, access=access) as prometheus:
            return await served_names(prometheus, names)
    except PrometheusError as error:
        said = str(error).removeprefix(f"{url.rstrip('/')} ")
        fix = "name a Prometheus, or what speaks its HTTP API"
        if isinstance(error, PrometheusDeniedError):
            fix = NAME_WHO_ASKS_IN_A_FILE
        raise InputError([problem(url, said, fix=fix)]) from None
