"""Plants what is set wrong on the way of alerts: each undone by the stack's own ``heal``."""

from __future__ import annotations

import time

from alerts.doctor.testing.servers import request
from alerts.doctor.testing.stack import Stack


def broken_alertmanager_file(stack: Stack) -> None:
    """Alertmanager reads a file that it cannot use."""
    stack.set_alertmanagers("route: {receiver: nobody-knows}\n")


def route_that_drops_pages(stack: Stack) -> None:
    """A route before ours takes pages to nobody."""
    config = stack.alertmanager_config()
    drop = {"receiver": "nobody", "matchers": ['severity="page"']}
    config["route"]["routes"].insert(1, drop)
    stack.set_alertmanagers(config)


def wrong_receiver(stack: Stack) -> None:
    """A route before ours takes pages to a channel."""
    config = stack.alertmanager_config()
    config["receivers"].append(
        {"name": "chat", "webhook_configs": [{"url": f"{stack.stand_in}/webhook"}]}
    )
    config["route"]["routes"].insert(
        1, {"receiver": "chat", "matchers": ['severity="page"'], "group_by": ["..."]}
    )
    stack.set_alertmanagers(config)


def relabeled_away(stack: Stack) -> None:
    """Prometheus drops pages instead of sending them."""
    config = stack.prometheus_config()
    config["alerting"]["alert_relabel_configs"] = [
        {"action": "drop", "source_labels": ["severity"], "regex": "page"}
    ]
    stack.set_prometheus(config)


def cluster_relabeled_away(stack: Stack) -> None:
    """What makes alerts of two servers one takes their cluster as well."""
    config = stack.prometheus_config()
    config["alerting"]["alert_relabel_configs"] = [
        {"action": "labeldrop", "regex": "cluster|replica"}
    ]
    stack.set_prometheus(config)


def one_incident_for_all(stack: Stack) -> None:
    """All pages are grouped by the name of the alert."""
    config = stack.alertmanager_config()
    for route in config["route"]["routes"]:
        if "pagerduty" in route["receiver"]:
            route["group_by"] = ["alertname"]
    stack.set_alertmanagers(config)


def muted_at_night(stack: Stack) -> None:
    """Pages are muted from ten in the evening."""
    config = stack.alertmanager_config()
    night = {"times": [{"start_time": "22:00", "end_time": "24:00"}]}
    config["time_intervals"] = [{"name": "night", "time_intervals": [night]}]
    for route in config["route"]["routes"]:
        if route["receiver"] == "pagerduty-pages":
            route["mute_time_intervals"] = ["night"]
    stack.set_alertmanagers(config)


def inhibited_wholesale(stack: Stack) -> None:
    """What always fires inhibits pages and tickets."""
    config = stack.alertmanager_config()
    config["inhibit_rules"].append(
        {"source_matchers": ['severity="none"'], "target_matchers": ['severity=~"page|ticket"']}
    )
    stack.set_alertmanagers(config)


def no_inhibitions(stack: Stack) -> None:
    """Alertmanager lacks our rules of inhibition."""
    stack.set_alertmanagers({**stack.alertmanager_config(), "inhibit_rules": []})


def silenced(stack: Stack) -> None:
    """Somebody has silenced all pages."""
    now = time.time()
    silence = {
        "matchers": [{"name": "severity", "value": "page", "isRegex": False, "isEqual": True}],
        "startsAt": _moment(now - 1),
        "endsAt": _moment(now + 3600),
        "createdBy": "somebody",
        "comment": "noisy",
    }
    request(f"{stack.mesh.urls[0]}/api/v2/silences", method="POST", content=silence)


def watchdog_to_nobody(stack: Stack) -> None:
    """The watchdog is led to nobody."""
    config = stack.alertmanager_config()
    config["route"]["routes"][0]["receiver"] = "nobody"
    stack.set_alertmanagers(config)


def no_alertmanager(stack: Stack) -> None:
    """Prometheus knows no Alertmanager."""
    config = stack.prometheus_config()
    config["alerting"] = {}
    stack.set_prometheus(config)


def one_alertmanager_left_out(stack: Stack) -> None:
    """Prometheus sends to one of the two."""
    config = stack.prometheus_config()
    targets = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    targets.remove(targets[0])
    stack.set_prometheus(config)


def one_alertmanager_killed(stack: Stack) -> None:
    """One of the two is gone."""
    stack.mesh.kill(1)


def pager_refuses(stack: Stack) -> None:
    """The pager takes nothing, and there is a page."""
    refusals = {"status": 503, "times": 1000}
    request(f"{stack.stand_in}/control/answers", method="POST", content=refusals)
    now = time.time()
    labels = {"alertname": "ErrorBudgetBurn", "slo": "chat-ttft", "service": "inference",
              "severity": "page", "region": "eu", "model": "chat"}  # fmt: skip
    alert = {"labels": labels, "startsAt": _moment(now), "endsAt": _moment(now + 3600)}
    for url in stack.mesh.urls:
        request(f"{url}/api/v2/alerts", method="POST", content=[alert])


def external_cluster(stack: Stack) -> None:
    """An external label says another cluster."""
    config = stack.prometheus_config()
    config["global"]["external_labels"] = {"cluster": "production"}
    stack.set_prometheus(config)


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
