"""The configuration whole, and as a fragment for people who have one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from alerts.routing.inhibitions import inhibit_rules
from alerts.routing.names import SEVERITIES, Naming, equals, fragment_naming
from alerts.routing.receivers import receivers_of
from alerts.routing.routes import top_route
from alerts.routing.times import time_intervals
from alerts.watchdog import SHARDWATCH, WATCHES
from exporters.config import ConfigFile
from slo import conventions
from slo.objective import Objective

HOW_TO_INCLUDE = """\
# Alertmanager includes no files: merge this into your own, before it. Lists are joined, so that its
# route stands before yours and takes shardwatch's alerts alone; what both say, yours keeps:
#
#     yq eval-all '. as $each ireduce ({}; . *+ $each)' \\
#       alertmanager-fragment.yml your-alertmanager.yml > alertmanager.yml
#     amtool check-config alertmanager.yml
#
# All names in it begin with shardwatch-. Into an Alertmanager that has another cluster's lines
# `shardwatch paste` puts them, with names of the cluster's own.
"""


def alertmanager_config(
    file: ConfigFile, folder: Path, cluster: str, objectives: Iterable[Objective]
) -> dict[str, Any]:
    """Return Alertmanager's configuration as its YAML has it.

    Args:
        file: the user's configuration.
        folder: that its paths are relative to. Of secrets only the paths are written.
        cluster: of the topology.
        objectives: all.
    """
    return _config(file, folder, cluster, tuple(objectives), Naming())


def alertmanager_fragment(
    file: ConfigFile,
    folder: Path,
    cluster: str,
    objectives: Iterable[Objective],
    alerts: Iterable[str],
    *,
    is_shared: bool = False,
) -> dict[str, Any]:
    """Return the same to be merged into another one, whose alerts it leaves alone.

    Args:
        file: as above.
        folder: as above.
        cluster: as above.
        objectives: as above.
        alerts: the names of all alerts that it is for.
        is_shared: whether other clusters' are in it: names have the cluster's in them then, and
            its alerts are those that say so.
    """
    naming = fragment_naming(alerts, cluster if is_shared else "")
    config = _config(file, folder, cluster, tuple(objectives), naming)
    heartbeat, *others = config["route"]["routes"]
    is_ours = [*naming.is_ours, equals(conventions.SEVERITY, SEVERITIES)]
    ours = {"matchers": is_ours, **config["route"], "routes": others}
    # Others may have an alert of that name and a route for it: ours is told there as well, and to
    # their last resort never, where it would fire for ever.
    # One of several clusters must not keep the heart of another beating.
    matchers = [*heartbeat["matchers"], equals(WATCHES, SHARDWATCH), *naming.of_cluster]
    goes_on = {} if is_shared else {"continue": True}
    routes = [{**heartbeat, "matchers": matchers, **goes_on}, ours]
    return {**config, "route": {"receiver": naming.nobody, "routes": routes}}


def _config(
    file: ConfigFile,
    folder: Path,
    cluster: str,
    objectives: Sequence[Objective],
    naming: Naming,
) -> dict[str, Any]:
    grouping_labels = sorted({label for each in objectives for label in each.grouping_labels})
    times = time_intervals(file.alertmanager, naming)
    return {
        "route": top_route(file, grouping_labels, naming),
        "inhibit_rules": inhibit_rules(file, objectives, grouping_labels, naming),
        "receivers": receivers_of(file, folder, cluster, grouping_labels, naming),
        **({"time_intervals": times} if times else {}),
    }
