"""What the operator's Prometheus scrapes, and under which labels."""

import re
from pathlib import Path
from typing import Any

import pytest

from exporters.config import read_config
from exporters.kubernetes.monitors import pod_monitor, service_monitor
from exporters.scrape import scrape_configs
from tests.kubernetes.configuring import PLAIN, write
from tests.kubernetes.schemas import mistakes

OF_TARGETS = {"namespace": "n", "service": "s", "endpoint": "metrics", "pod": "p-1",
              "container": "c", "node": "w", "job": "j", "instance": "10.0.0.1:19801",
              "__meta_kubernetes_pod_node_name": "node-7"}  # fmt: skip
"""Labels that the operator gives a target."""


def endpoint(monitor: dict[str, Any]) -> dict[str, Any]:
    """Return a monitor's one endpoint."""
    (found,) = monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
    return found


def relabelled(rules: list[dict[str, Any]]) -> dict[str, str]:
    """Return a target's labels after relabelling, as far as these rules go."""
    labels = dict(OF_TARGETS)
    for rule in rules:
        if rule["action"] == "labeldrop":
            labels = {k: v for k, v in labels.items() if not re.fullmatch(rule["regex"], k)}
        else:
            assert "replace" == rule["action"]
            source = ";".join(labels[each] for each in rule.get("sourceLabels", []))
            labels[rule["targetLabel"]] = rule["replacement"].replace("$1", source)
    return {name: value for name, value in labels.items() if not name.startswith("__")}


def test_a_moved_exporter_goes_on_under_the_labels_that_it_had(tmp_path: Path):
    """Of one that is there once, and of one on each node; no pod's name stands on a series."""
    config = read_config(write(tmp_path, PLAIN))
    once = endpoint(service_monitor("groups", config, {}))
    assert {"job": "j", "instance": "shardwatch-groups:19802"} == relabelled(once["relabelings"])
    each = endpoint(pod_monitor("gpu", config, {}))
    assert {"job": "j", "instance": "node-7:19801"} == relabelled(each["relabelings"])


def test_it_is_scraped_as_prometheus_would(tmp_path: Path):
    """As often, as patiently, and with our labels kept."""
    config = read_config(write(tmp_path, PLAIN))
    found = endpoint(service_monitor("groups", config, {}))
    ours = next(each for each in scrape_configs(config) if each["job_name"] == "shardwatch-groups")
    assert found["honorLabels"] == ours["honor_labels"]
    assert (ours["scrape_interval"], ours["scrape_timeout"]) == (
        found["interval"],
        found["scrapeTimeout"],
    )


@pytest.mark.parametrize(
    ("exporters", "expected"),
    [
        ({}, {}),
        ({"https": {}}, {"scheme": "https"}),
        (
            {"https": {"ca_file": "ca.pem", "cert_file": "a.crt", "key_file": "a.key"}},
            {
                "scheme": "https",
                "tlsConfig": {
                    "ca": {"secret": {"name": "shardwatch-scrape", "key": "ca.crt"}},
                    "cert": {"secret": {"name": "shardwatch-scrape", "key": "tls.crt"}},
                    "keySecret": {"name": "shardwatch-scrape", "key": "tls.key"},
                },
            },
        ),
    ],
)
def test_prometheus_gets_in_by_keys_of_a_secret(tmp_path: Path, exporters, expected):
    """Where exporters ask who is asking."""
    config = read_config(write(tmp_path, {**PLAIN, "exporters": exporters}))
    for monitor in (service_monitor("groups", config, {}), pod_monitor("gpu", config, {"a": "b"})):
        found = endpoint(monitor)
        assert expected == {k: found[k] for k in ("scheme", "tlsConfig") if k in found}
        assert [[]] == mistakes([monitor])
