"""The servers themselves: whether they are too old, set wrong, or run on an old configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen
from exporters import catalog
from exporters.version import VERSION

OLDEST_PROMETHEUS, OLDEST_ALERTMANAGER = (2, 42), (0, 25)
"""What rules and routes are written for and tested with."""
MOST_AHEAD_SECONDS = 5.0
"""Chosen: an answer's time is told in whole seconds, and scrapes are 5 s apart at least."""
OTHER_VERSIONS = (
    f"group by (job, instance, version) ({catalog.EXPORTER_BUILD_INFO.name}"
    f'{{version!="{VERSION}"}})'
)


def find_stale_config(seen: Seen) -> Iterator[Found]:
    """Yield a Prometheus that could not use its file when it last read it."""
    if seen.has_reloaded is False:
        yield Found(
            seen.url,
            "prometheus.yml or a rule file could not be used when it was last read: it runs on an "
            "earlier configuration",
            "the files in use",
            "run `promtool check config prometheus.yml`, mend what it says, and reload it (SIGHUP, "
            f"or curl -X POST {seen.url}/-/reload)",
        )


def find_clock(seen: Seen) -> Iterator[Found]:
    """Yield servers whose clocks differ from ours."""
    clocks = [(seen.url, seen.ahead_seconds)]
    clocks += [(each.url, each.ahead_seconds) for each in seen.answering]
    for url, ahead in clocks:
        if ahead is not None and abs(ahead) > MOST_AHEAD_SECONDS:
            how = "ahead of" if ahead > 0 else "behind"
            yield Found(
                url,
                f"its clock is {abs(ahead):.0f} s {how} the one here",
                f"no more than {MOST_AHEAD_SECONDS:g} s",
                "run chrony or systemd-timesyncd there and here: `timedatectl` says whether it "
                "is synchronised",
            )


def find_old(seen: Seen) -> Iterator[Found]:
    """Yield servers older than those that this was written for."""
    servers = [("Prometheus", seen.url, seen.version or "", OLDEST_PROMETHEUS)]
    servers += [
        ("Alertmanager", each.url, each.version, OLDEST_ALERTMANAGER) for each in seen.answering
    ]
    for name, url, version, oldest in servers:
        found = re.match(r"v?(\d+)\.(\d+)", version)
        if found and (int(found[1]), int(found[2])) < oldest:
            least = ".".join(map(str, oldest))
            yield Found(
                url,
                f"is {name} {version}",
                f"{least} or later, which rules and routes were tested with",
                f"update {name}",
            )


def find_other_exporters(seen: Seen) -> Iterator[Found]:
    """Yield exporters of another version than the one that builds rules and boards."""
    for each in seen.vector(OTHER_VERSIONS):
        labels = each.labels
        yield Found(
            f"{labels.get('job', '')} at {labels.get('instance', '')}",
            f"is shardwatch {labels.get('version', '')}",
            f"{VERSION}, which rules and boards are built by",
            "update the exporter, or build with its version",
        )


def find_unplaced(seen: Seen) -> Iterator[Found]:
    """Yield targets of service discovery that nobody watches."""
    if seen.config.unplaced:
        yield Found(
            seen.config.path.name,
            f"{len(seen.config.unplaced)} targets have no place in the topology: "
            f"{listed((str(each) for each in seen.config.unplaced), 3)}",
            "a place for each",
            "give them their labels; `shardwatch validate` names each",
        )


CHECKS = (
    Check("prometheus/stale-config", Harm.RULES_MISSING, "Prometheus could not use its files and "
          "runs on earlier ones.", find_stale_config, needs=("has_reloaded",)),
    Check("topology/unplaced", Harm.BLIND, "Targets of service discovery that have no place in the "
          "topology.", find_unplaced),
    Check("clock/server", Harm.WRONG_DATA, "The clock of Prometheus or of an Alertmanager differs "
          "from the one here.", find_clock),
    Check("versions/server", Harm.UNTIDY, "Prometheus or Alertmanager is older than what rules "
          "and routes were tested with.", find_old, needs=("version",)),
    Check("versions/exporter", Harm.UNTIDY, "Exporters of another version than what builds rules "
          "and boards.", find_other_exporters, lambda _: [OTHER_VERSIONS],
          series=(catalog.EXPORTER_BUILD_INFO.name,)),
)  # fmt: skip
