"""Faults of a set-up as data: how each is planted into a stack that is well, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alerts.benching import planting_routes as routes
from alerts.benching import planting_series as series
from alerts.doctor.testing.stack import Stack


@dataclass(frozen=True)
class Fault:
    """Something that is set wrong."""

    name: str
    check: str
    """What must find it."""
    about: str
    """What the finding must name."""
    plant: Callable[[Stack], None]
    consequences: tuple[str, ...] = ()
    """Checks that find what follows from it."""


FAULTS = (
    Fault("dead-target", "scrape/target-down", "shardwatch-tools", series.dead_target),
    Fault("wrong-clock", "clock/exporter", "ahead of", series.wrong_clock),
    Fault("missing-bucket", "objective/bucket-missing", "chat-ttft", series.missing_bucket),
    Fault("file-not-loaded", "rules/not-loaded", "rules/cells.yaml", series.file_not_loaded),
    Fault("older-build", "rules/other-build", "rules/slo-chat-ttft.yaml", series.older_build),
    Fault("failing-rule", "rules/failing", "shardwatch:cell_groups:count", series.failing_rule,
          ("rules/other-build",)),
    Fault("broken-rule-file", "prometheus/stale-config", "earlier", series.broken_rule_file),
    Fault("broken-alertmanager-file", "alertmanager/stale-config", "earlier",
          routes.broken_alertmanager_file),
    Fault("route-that-drops-pages", "routes/page-lost", "nobody", routes.route_that_drops_pages),
    Fault("wrong-receiver", "routes/wrong-receiver", "chat", routes.wrong_receiver),
    Fault("pages-relabeled-away", "routes/page-dropped", "alert_relabel_configs",
          routes.relabeled_away),
    Fault("one-incident-for-all", "routes/merged", "slo", routes.one_incident_for_all),
    Fault("muted-at-night", "routes/muted", "night", routes.muted_at_night),
    Fault("inhibited-wholesale", "routes/inhibited", "severity", routes.inhibited_wholesale),
    Fault("silenced", "routes/silenced", "noisy", routes.silenced),
    Fault("watchdog-to-nobody", "watchdog/not-told", "nobody", routes.watchdog_to_nobody),
    Fault("no-alertmanager", "path/no-alertmanager", "nobody", routes.no_alertmanager),
    Fault("other-interval", "scrape/interval", "20s", series.other_interval,
          ("objective/interval",)),
    Fault("scraped-twice", "scrape/twice", "shardwatch-router", series.scraped_twice),
    Fault("labels-overwritten", "labels/exported", "exported_region", series.labels_overwritten),
    Fault("second-cluster", "join/second-cluster", "us-code-0", series.second_cluster),
    Fault("router-calls-it-otherwise", "join/cells-apart", "1 name of models",
          series.router_calls_it_otherwise),
    Fault("group-left-out", "join/group-missing", "eu-chat-1", series.group_left_out,
          ("join/gpu-missing",)),
    Fault("gateway-gone", "source/down", "gateway-eu", series.gateway_gone),
    Fault("rules-stopped", "coverage/hour", "chat-availability", series.rules_stopped),
)  # fmt: skip
"""What the bench plants, in this order: the gap, which nothing undoes, at the end."""

MORE_FAULTS = (
    Fault("loaded-twice", "rules/twice", "shardwatch-cells", series.loaded_twice),
    Fault("one-alertmanager-left-out", "path/alertmanager-missing", "does not send",
          routes.one_alertmanager_left_out, ("watchdog/not-arrived",)),
    Fault("slow-scrape", "scrape/slow", "shardwatch-tools", series.slow_scrape),
    Fault("job-forgotten", "scrape/job-missing", "shardwatch-tools", series.job_forgotten),
    Fault("external-cluster", "labels/external", "production", routes.external_cluster),
    Fault("cluster-relabeled-away", "labels/cluster", "take cluster away",
          routes.cluster_relabeled_away),
    Fault("no-inhibitions", "routes/inhibition-missing", "HostDown", routes.no_inhibitions),
    Fault("gpu-replaced", "join/gpu-missing", "GPU-eu-chat-1", series.gpu_replaced,
          ("join/gpu-unknown",)),
    Fault("topology-broken", "exporter/stale-file", "topology", series.topology_broken),
    Fault("pager-refuses", "path/receiver-fails", "pagerduty", routes.pager_refuses),
    Fault("one-alertmanager-killed", "alertmanager/unreachable", "does not answer",
          routes.one_alertmanager_killed, ("path/mesh", "path/sending-fails")),
)  # fmt: skip
"""Others, for tests."""
