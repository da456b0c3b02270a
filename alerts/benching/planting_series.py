"""Plants what is set wrong before alerts: scrapes, rules, labels, topologies."""

from __future__ import annotations

import copy
import json
import re
import time
from typing import Any

import yaml

from alerts.doctor.testing.pages import router_page
from alerts.doctor.testing.stack import EXPORTERS, Stack
from exporters import catalog
from exporters.testing import Reply

SHIFT_SECONDS = 90.0
"""Of a wrong clock."""
STOPPED_SECONDS = 45.0
"""Of a gap in what is recorded: more than 1 % of an hour."""
_TTFT_BOUND = 2.5
"""The bucket that ``library:chat`` asks for."""


def dead_target(stack: Stack) -> None:
    """An exporter is gone."""
    stack.kill("tools")


def wrong_clock(stack: Stack) -> None:
    """An exporter's clock goes ahead."""
    name = catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name
    page = re.sub(
        rf"^({name}{{.*}}) (\S+)$",
        lambda found: f"{found[1]} {float(found[2]) + SHIFT_SECONDS}",
        stack.page_of_exporter("tools"),
        flags=re.MULTILINE,
    )
    _read_from_page(stack, "tools", page)


def missing_bucket(stack: Stack) -> None:
    """The router lacks the bucket that an objective asks for."""
    stack.pages.serve("/router/eu/metrics", router_page(without_bound=_TTFT_BOUND))


def file_not_loaded(stack: Stack) -> None:
    """A rule file is not where Prometheus looks."""
    stack.set_prometheus(rules={"rules/cells.yaml": None})


def older_build(stack: Stack) -> None:
    """A rule file is of another build."""
    path = "rules/slo-chat-ttft.yaml"
    stack.set_prometheus(rules={path: stack.built[path].replace('le="2.5"', 'le="5.0"')})


def failing_rule(stack: Stack) -> None:
    """A rule makes two elements one."""
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


def loaded_twice(stack: Stack) -> None:
    """A rule file is there twice."""
    stack.set_prometheus(rules={"rules/cells-old.yaml": stack.built["rules/cells.yaml"]})


def broken_rule_file(stack: Stack) -> None:
    """Prometheus reads a rule file that it cannot use."""
    stack.set_prometheus(rules={"rules/mine.yaml": "groups: [{name: mine, rules: [{expr: up}]}]"})


def other_interval(stack: Stack) -> None:
    """An exporter is scraped more seldom."""
    config = stack.prometheus_config()
    job = _job(config, "router")
    job["scrape_interval"], job["scrape_timeout"] = "20s", "10s"
    stack.set_prometheus(config)


def scraped_twice(stack: Stack) -> None:
    """A second job scrapes an exporter."""
    config = stack.prometheus_config()
    config["scrape_configs"].append({**copy.deepcopy(_job(config, "router")), "job_name": "mine"})
    stack.set_prometheus(config)


def slow_scrape(stack: Stack) -> None:
    """An exporter takes nearly as long as it may."""
    page = stack.page_of_exporter("tools")
    _read_from_page(stack, "tools", Reply(page.encode(), delay_seconds=3.7))


def job_forgotten(stack: Stack) -> None:
    """An exporter is not scraped."""
    config = stack.prometheus_config()
    config["scrape_configs"].remove(_job(config, "tools"))
    stack.set_prometheus(config)


def labels_overwritten(stack: Stack) -> None:
    """A target's labels take the place of ours."""
    config = stack.prometheus_config()
    job = _job(config, "tools")
    job["honor_labels"] = False
    job["static_configs"][0]["labels"] = {"region": "fra1"}
    stack.set_prometheus(config)


def second_cluster(stack: Stack) -> None:
    """Another cluster has our name."""
    page = stack.page_of_exporter("groups").replace("eu-chat-", "us-code-")
    url = stack.pages.serve("/second/metrics", page)
    config = stack.prometheus_config()
    second = {**copy.deepcopy(_job(config, "groups")), "job_name": "second-groups"}
    second["metrics_path"] = "/second/metrics"
    second["static_configs"] = [{"targets": [url.split("/")[2]]}]
    config["scrape_configs"].append(second)
    stack.set_prometheus(config)


def router_calls_it_otherwise(stack: Stack) -> None:
    """The router calls the model by a name that nobody knows."""
    stack.pages.serve("/router/eu/metrics", router_page(model="org/Chat-7B"))
    stack.restarts.add("router")  # for it remembers for five minutes


def group_left_out(stack: Stack) -> None:
    """The exporters do not know a group."""
    topology = stack.topology()
    del topology["groups"][1]
    stack.topology_file.write_text(json.dumps(topology), encoding="utf-8")


def gpu_replaced(stack: Stack) -> None:
    """The exporters know another GPU."""
    topology = stack.topology()
    topology["groups"][1]["members"][0]["gpus"] = ["GPU-new"]
    stack.topology_file.write_text(json.dumps(topology), encoding="utf-8")


def topology_broken(stack: Stack) -> None:
    """The exporters cannot use their topology."""
    stack.topology_file.write_text("{", encoding="utf-8")


def gateway_gone(stack: Stack) -> None:
    """The tool gateway answers 503."""
    stack.pages.serve("/tools/eu/metrics", Reply(status=503))


def rules_stopped(stack: Stack) -> None:
    """Leave a gap: for some time no rule is loaded."""
    paths = [path for path in stack.built if path.startswith("rules/")]
    stack.set_prometheus(rules=dict.fromkeys(paths))
    time.sleep(STOPPED_SECONDS)
    stack.heal()


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
