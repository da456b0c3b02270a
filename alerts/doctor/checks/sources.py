"""What exporters read, as they say themselves: sources, topologies, clocks, names of engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen
from alerts.lint.report import number_of
from exporters import catalog
from exporters.dialects.vllm_changes import read_changes

_BY = (catalog.EXPORTER, catalog.REGION, catalog.SOURCE, catalog.REASON)
DOWN = (
    f"group by ({', '.join(_BY)}) "
    f'({catalog.SOURCE_REASON.name}{{{catalog.REASON}!~"none|circuit_open"}} == 1)'
)
STALE = f"group by (job, instance, {catalog.FILE}) ({catalog.EXPORTER_RELOAD_SUCCESS.name} == 0)"
CLOCKS = (
    f"{catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name}"
    f" - timestamp({catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name})"
    f" and {catalog.EXPORTER_COLLECTION_SUCCESS.name} == 1"
)
"""How far the clock of an exporter is ahead of Prometheus's: it collects when it is scraped."""
MOST_AHEAD_SECONDS = 10.0
"""An exporter may take 3.5 s for a scrape, and two Prometheus servers share its collections."""
DIALECTS = f"count by ({catalog.DIALECT}) ({catalog.GROUP_DIALECT_INFO.name} == 1)"
KNOWN = ("vllm_0_12", "vllm_0_32")
"""Dialects that tell all that is read. Those before lack names, or have them in other units."""


def _raw_names() -> str:
    changes = read_changes()
    names = sorted({*changes.older.values(), *changes.removed})
    return f'group by (__name__) ({{__name__=~"{"|".join(names)}"}})'


RAW_NAMES = _raw_names()


def find_down(seen: Seen) -> Iterator[Found]:
    """Yield the sources that do not answer their exporters, by exporter and reason."""
    by: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in seen.vector(DOWN):
        labels = each.labels
        place = f"{labels.get(catalog.SOURCE, '')} in {labels.get(catalog.REGION, '')}"
        by[labels.get(catalog.EXPORTER, ""), labels.get(catalog.REASON, "")].append(place)
    for (exporter, reason), places in sorted(by.items()):
        yield Found(
            f"exporter {exporter}",
            f"{len(places)} of its sources do not answer ({reason}): {listed(places)}",
            "an answer of each that the topology names",
            "ask one of them by hand at the address that the topology has; correct the address, "
            "or start what should serve it",
        )


def find_stale(seen: Seen) -> Iterator[Found]:
    """Yield exporters that could not use a file as it is now."""
    for each in seen.vector(STALE):
        labels = each.labels
        yield Found(
            f"{labels.get('job', '')} at {labels.get('instance', '')}",
            f"cannot use its {labels.get(catalog.FILE, '')} as it is now, and goes on with an "
            "earlier content",
            "the file in use",
            "run `shardwatch validate` beside it, and mend what it says",
        )


def find_clock(seen: Seen) -> Iterator[Found]:
    """Yield exporters whose clocks differ from Prometheus's."""
    for each in seen.vector(CLOCKS):
        if abs(each.value) > MOST_AHEAD_SECONDS and seen.is_scraped(each.labels):
            how = "ahead of" if each.value > 0 else "behind"
            yield Found(
                f"{each.labels.get('job', '')} at {each.labels.get('instance', '')}",
                f"its clock is {abs(each.value):.0f} s {how} Prometheus's",
                f"no more than {MOST_AHEAD_SECONDS:g} s",
                "run chrony or systemd-timesyncd on its host: what is told as a time (drains, "
                "last answers) is wrong by as much",
            )


def find_unknown_dialect(seen: Seen) -> Iterator[Found]:
    """Yield engines whose names nobody knows."""
    for each in seen.vector(DIALECTS):
        if each.labels.get(catalog.DIALECT) == catalog.OTHER:
            yield Found(
                number_of(int(each.value), "group"),
                "the engines' pages speak names that no version of vLLM from 0.6 to 0.33 has",
                "pages of vLLM",
                "see that `metrics` of these groups in the topology leads to vLLM's /metrics and "
                "to no router or proxy before it; of a later vLLM, update shardwatch",
            )


def find_old_dialect(seen: Seen) -> Iterator[Found]:
    """Yield engines and rules' raw series that speak names which vLLM has given up."""
    for each in seen.vector(DIALECTS):
        dialect = each.labels.get(catalog.DIALECT, "")
        if dialect.removeprefix("ray_") not in (*KNOWN, catalog.OTHER):
            yield Found(
                number_of(int(each.value), "group"),
                f"its engines speak {dialect}, which tells less: what is missing is absent, not 0",
                f"{KNOWN[0]} or later",
                "update vLLM to 0.12 or later",
            )
    changes = read_changes()
    newer = {old: new for new, old in changes.older.items()}
    for each in seen.vector(RAW_NAMES):
        name = each.labels.get("__name__", "")
        instead = newer.get(name) or changes.removed.get(name, "")
        yield Found(
            name,
            "is scraped, and vLLM has given that name up",
            instead,
            f"write {instead} in rules and boards of yours that ask for it before you update vLLM"
            if instead != "nothing"
            else "ask for it no more",
        )


CHECKS = (
    Check("source/down", Harm.BLIND, "Engines, hosts, routers or gateways that do not answer "
          "their exporter.", find_down, lambda _: [DOWN],
          series=(catalog.SOURCE_REASON.name,)),
    Check("dialect/unknown", Harm.BLIND, "Engines whose pages speak names that nobody knows.",
          find_unknown_dialect, lambda _: [DIALECTS], series=(catalog.GROUP_DIALECT_INFO.name,)),
    Check("exporter/stale-file", Harm.WRONG_DATA, "An exporter that cannot use its topology or "
          "web configuration as it is now.", find_stale, lambda _: [STALE],
          series=(catalog.EXPORTER_RELOAD_SUCCESS.name,)),
    Check("clock/exporter", Harm.WRONG_DATA, "The clock of an exporter's host differs from "
          "Prometheus's.", find_clock, lambda _: [CLOCKS],
          series=(catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name,)),
    Check("dialect/old", Harm.UNTIDY, "Engines, or raw series, with names that vLLM has given up.",
          find_old_dialect, lambda _: [DIALECTS, RAW_NAMES],
          series=(catalog.GROUP_DIALECT_INFO.name,)),
)  # fmt: skip
