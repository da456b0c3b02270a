"""Faults of a set-up as data: how each is planted into a stack that is well, and what is said."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from alerts.doctor.testing import EXPORTERS, Stack, request, router_page
from exporters import catalog
from exporters.testing import Reply

SHIFT_SECONDS = 90.0
"""Of a wrong clock."""
STOPPED_SECONDS = 45.0
"""Of a gap in what is recorded: more than 1 % of an hour."""
_TTFT_BOUND = 2.5
"""The bucket that ``library:chat`` asks for."""


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


def _dead_target(stack: Stack) -> None:
    stack.kill("tools")


def _wrong_clock(stack: Stack) -> None:
    name = catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name
    page = re.sub(
        rf"^({name}{{.*}}) (\S+)$",
        lambda found: f"{found[1]} {float(found[2]) + SHIFT_SECONDS}",
        stack.page_of_exporter("tools"),
        flags=re.MULTILINE,
    )
    _read_from_page(stack, "tools", page)


def _missing_bucket(stack: Stack) -> None:
    stack.pages.serve("/router/eu/metrics", router_page(without_bound=_TTFT_BOUND))


def _file_not_loaded(stack: Stack) -> None:
    stack.set_prometheus(rules={"rules/cells.yaml": None})


def _older_build(stack: Stack) -> None:
    path = "rules/slo-chat-ttft.yaml"
    stack.set_prometheus(rules={path: stack.built[path].replace('le="2.5"', 'le="5.0"')})


def _failing_rule(stack: Stack) -> None:
    path = "rules/cells.yaml"
    content = stack.rules(path)
    # Two elements of one labelset: what every rule fails by that overwrites what it groups by.
    content["groups"][0]["rules"].insert(
        0,
        {
            "record": "shardwatch:cell_groups:count",
            "expr": f"{catalog.GROUP_UP.name}",
            "labels": {catalog.GROUP: "any"},
        },
    )
    stack.set_prometheus(rules={path: yaml.safe_dump(content, sort_keys=False)})


def _loaded_twice(stack: Stack) -> None:
    stack.set_prometheus(rules={"rules/cells-old.yaml": stack.built["rules/cells.yaml"]})


def _broken_rule_file(stack: Stack) -> None:
    stack.set_prometheus(rules={"rules/mine.yaml": "groups: [{name: mine, rules: [{expr: up}]}]"})


def _broken_alertmanager_file(stack: Stack) -> None:
    stack.set_alertmanagers("route: {receiver: nobody-knows}\n")


def _route_that_drops_pages(stack: Stack) -> None:
    config = stack.alertmanager_config()
    drop = {"receiver": "nobody", "matchers": ['severity="page"']}
    config["route"]["routes"].insert(1, drop)
    stack.set_alertmanagers(config)


def _wrong_receiver(stack: Stack) -> None:
    config = stack.alertmanager_config()
    config["receivers"].append(
        {"name": "chat", "webhook_configs": [{"url": f"{stack.stand_in}/webhook"}]}
    )
    config["route"]["routes"].insert(
        1, {"receiver": "chat", "matchers": ['severity="page"'], "group_by": ["..."]}
    )
    stack.set_alertmanagers(config)


def _relabeled_away(stack: Stack) -> None:
    config = stack.prometheus_config()
    config["alerting"]["alert_relabel_configs"] = [
        {"action": "drop", "source_labels": ["severity"], "regex": "page"}
    ]
    stack.set_prometheus(config)


def _one_incident_for_all(stack: Stack) -> None:
    config = stack.alertmanager_config()
    for route in config["route"]["routes"]:
        if "pagerduty" in route["receiver"]:
            route["group_by"] = ["alertname"]
    stack.set_alertmanagers(config)


def _muted_at_night(stack: Stack) -> None:
    config = stack.alertmanager_config()
    night = {"times": [{"start_time": "22:00", "end_time": "24:00"}]}
    config["time_intervals"] = [{"name": "night", "time_intervals": [night]}]
    for route in config["route"]["routes"]:
        if route["receiver"] == "pagerduty-pages":
            route["mute_time_intervals"] = ["night"]
    stack.set_alertmanagers(config)


def _inhibited_wholesale(stack: Stack) -> None:
    config = stack.alertmanager_config()
    config["inhibit_rules"].append(
        {"source_matchers": ['severity="none"'], "target_matchers": ['severity=~"page|ticket"']}
    )
    stack.set_alertmanagers(config)


def _silenced(stack: Stack) -> None:
    now = time.time()
    silence = {
        "matchers": [{"name": "severity", "value": "page", "isRegex": False, "isEqual": True}],
        "startsAt": _moment(now - 1),
        "endsAt": _moment(now + 3600),
        "createdBy": "somebody",
        "comment": "noisy",
    }
    request(f"{stack.mesh.urls[0]}/api/v2/silences", method="POST", content=silence)


def _watchdog_to_nobody(stack: Stack) -> None:
    config = stack.alertmanager_config()
    config["route"]["routes"][0]["receiver"] = "nobody"
    stack.set_alertmanagers(config)


def _no_alertmanager(stack: Stack) -> None:
    config = stack.prometheus_config()
    config["alerting"] = {}
    stack.set_prometheus(config)


def _one_alertmanager_left_out(stack: Stack) -> None:
    config = stack.prometheus_config()
    targets = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    targets.remove(targets[0])
    stack.set_prometheus(config)


def _other_interval(stack: Stack) -> None:
    config = stack.prometheus_config()
    job = _job(config, "router")
    job["scrape_interval"], job["scrape_timeout"] = "20s", "10s"
    stack.set_prometheus(config)


def _scraped_twice(stack: Stack) -> None:
    config = stack.prometheus_config()
    config["scrape_configs"].append({**copy.deepcopy(_job(config, "router")), "job_name": "mine"})
    stack.set_prometheus(config)


def _slow_scrape(stack: Stack) -> None:
    page = stack.page_of_exporter("tools")
    _read_from_page(stack, "tools", Reply(page.encode(), delay_seconds=3.7))


def _job_forgotten(stack: Stack) -> None:
    config = stack.prometheus_config()
    config["scrape_configs"].remove(_job(config, "tools"))
    stack.set_prometheus(config)


def _labels_overwritten(stack: Stack) -> None:
    config = stack.prometheus_config()
    job = _job(config, "tools")
    job["honor_labels"] = False
    job["static_configs"][0]["labels"] = {"region": "fra1"}
    stack.set_prometheus(config)


def _external_cluster(stack: Stack) -> None:
    config = stack.prometheus_config()
    config["global"]["external_labels"] = {"cluster": "production"}
    stack.set_prometheus(config)


def _second_cluster(stack: Stack) -> None:
    page = stack.page_of_exporter("groups").replace("eu-chat-", "us-code-")
    url = stack.pages.serve("/second/metrics", page)
    config = stack.prometheus_config()
    second = {**copy.deepcopy(_job(config, "groups")), "job_name": "second-groups"}
    second["metrics_path"] = "/second/metrics"
    second["static_configs"] = [{"targets": [url.split("/")[2]]}]
    config["scrape_configs"].append(second)
    stack.set_prometheus(config)


def _router_calls_it_otherwise(stack: Stack) -> None:
    stack.pages.serve("/router/eu/metrics", router_page(model="org/Chat-7B"))
    stack.restarts.add("router")  # for it remembers for five minutes


def _group_left_out(stack: Stack) -> None:
    topology = stack.topology()
    del topology["groups"][1]
    stack.topology_file.write_text(json.dumps(topology), encoding="utf-8")


def _gpu_replaced(stack: Stack) -> None:
    topology = stack.topology()
    topology["groups"][1]["members"][0]["gpus"] = ["GPU-new"]
    stack.topology_file.write_text(json.dumps(topology), encoding="utf-8")


def _topology_broken(stack: Stack) -> None:
    stack.topology_file.write_text("{", encoding="utf-8")


def _gateway_gone(stack: Stack) -> None:
    stack.pages.serve("/tools/eu/metrics", Reply(status=503))


def _rules_stopped(stack: Stack) -> None:
    """Leave a gap: for some time no rule is loaded."""
    paths = [path for path in stack.built if path.startswith("rules/")]
    stack.set_prometheus(rules=dict.fromkeys(paths))
    time.sleep(STOPPED_SECONDS)
    stack.heal()


def _one_alertmanager_killed(stack: Stack) -> None:
    stack.mesh.kill(1)


def _pager_refuses(stack: Stack) -> None:
    refusals = {"status": 503, "times": 1000}
    request(f"{stack.stand_in}/control/answers", method="POST", content=refusals)
    now = time.time()
    labels = {"alertname": "ErrorBudgetBurn", "slo": "chat-ttft", "service": "inference",
              "severity": "page", "region": "eu", "model": "chat"}  # fmt: skip
    alert = {"labels": labels, "startsAt": _moment(now), "endsAt": _moment(now + 3600)}
    for url in stack.mesh.urls:
        request(f"{url}/api/v2/alerts", method="POST", content=[alert])


FAULTS = (
    Fault("dead-target", "scrape/target-down", "shardwatch-tools", _dead_target),
    Fault("wrong-clock", "clock/exporter", "ahead of", _wrong_clock),
    Fault("missing-bucket", "objective/bucket-missing", "chat-ttft", _missing_bucket),
    Fault("file-not-loaded", "rules/not-loaded", "rules/cells.yaml", _file_not_loaded),
    Fault("older-build", "rules/other-build", "rules/slo-chat-ttft.yaml", _older_build),
    Fault("failing-rule", "rules/failing", "shardwatch:cell_groups:count", _failing_rule,
          ("rules/other-build",)),
    Fault("broken-rule-file", "prometheus/stale-config", "earlier", _broken_rule_file),
    Fault("broken-alertmanager-file", "alertmanager/stale-config", "earlier",
          _broken_alertmanager_file),
    Fault("route-that-drops-pages", "routes/page-lost", "nobody", _route_that_drops_pages),
    Fault("wrong-receiver", "routes/wrong-receiver", "chat", _wrong_receiver),
    Fault("pages-relabeled-away", "routes/page-dropped", "alert_relabel_configs", _relabeled_away),
    Fault("one-incident-for-all", "routes/merged", "slo", _one_incident_for_all),
    Fault("muted-at-night", "routes/muted", "night", _muted_at_night),
    Fault("inhibited-wholesale", "routes/inhibited", "severity", _inhibited_wholesale),
    Fault("silenced", "routes/silenced", "noisy", _silenced),
    Fault("watchdog-to-nobody", "watchdog/not-told", "nobody", _watchdog_to_nobody),
    Fault("no-alertmanager", "path/no-alertmanager", "nobody", _no_alertmanager),
    Fault("other-interval", "scrape/interval", "20s", _other_interval, ("objective/interval",)),
    Fault("scraped-twice", "scrape/twice", "shardwatch-router", _scraped_twice),
    Fault("labels-overwritten", "labels/exported", "exported_region", _labels_overwritten),
    Fault("second-cluster", "join/second-cluster", "us-code-0", _second_cluster),
    Fault("router-calls-it-otherwise", "join/cells-apart", "call 1 models",
          _router_calls_it_otherwise),
    Fault("group-left-out", "join/group-missing", "eu-chat-1", _group_left_out,
          ("join/gpu-missing", "exporter/stale-file")),
    Fault("gateway-gone", "source/down", "gateway-eu", _gateway_gone),
    Fault("rules-stopped", "coverage/hour", "chat-availability", _rules_stopped),
)  # fmt: skip
"""What the bench plants, in this order: the gap, which nothing undoes, at the end."""

MORE_FAULTS = (
    Fault("loaded-twice", "rules/twice", "shardwatch-cells", _loaded_twice),
    Fault("one-alertmanager-left-out", "path/alertmanager-missing", "does not send",
          _one_alertmanager_left_out, ("watchdog/not-arrived",)),
    Fault("slow-scrape", "scrape/slow", "shardwatch-tools", _slow_scrape),
    Fault("job-forgotten", "scrape/job-missing", "shardwatch-tools", _job_forgotten),
    Fault("external-cluster", "labels/external", "production", _external_cluster),
    Fault("gpu-replaced", "join/gpu-missing", "GPU-eu-chat-1", _gpu_replaced,
          ("join/gpu-unknown",)),
    Fault("topology-broken", "exporter/stale-file", "topology", _topology_broken),
    Fault("pager-refuses", "path/receiver-fails", "pagerduty", _pager_refuses),
    Fault("one-alertmanager-killed", "alertmanager/unreachable", "does not answer",
          _one_alertmanager_killed, ("path/mesh", "path/sending-fails")),
)  # fmt: skip
"""Others, for tests."""


def _read_from_page(stack: Stack, name: str, page: str | Reply) -> None:
    """Let Prometheus read a page in the place of an exporter."""
    url = stack.pages.serve(f"/{name}-page/metrics", page)
    config = stack.prometheus_config()
    job = _job(config, name)
    job["metrics_path"] = f"/{name}-page/metrics"
    job["static_configs"] = [{"targets": [url.split("/")[2]]}]
    stack.set_prometheus(config)


def _job(config: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in EXPORTERS:
        raise ValueError(f"{name} is no exporter")
    found: dict[str, Any] = next(
        each for each in config["scrape_configs"] if each["job_name"] == f"shardwatch-{name}"
    )
    return found


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
