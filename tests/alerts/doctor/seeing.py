"""What servers would say, made up: all is well, but for what a test changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from alerts.build import build
from alerts.doctor.built import read_built
from alerts.doctor.checks.heartbeat import FIRING
from alerts.doctor.checks.joins import cells_served, gpus_served, groups_served
from alerts.doctor.diagnosis import PRESENT, Finding, diagnose, questions
from alerts.doctor.examples import watchdog
from alerts.doctor.seen import Alertmanager, Seen, Target
from alerts.doctor.table import CHECKS
from exporters import catalog
from exporters.config import read_config
from exporters.scrape import scrape_configs
from exporters.testing import write_config
from slo.objectives import read_objectives
from slo.prometheus import Sample

NOW = 1_800_000_000.0
ADDRESSES = ["10.0.0.1:9093", "10.0.0.2:9093"]
CLUSTER = {catalog.CLUSTER: "demo", catalog.REGION: "eu", catalog.MODEL: "chat"}
TOPOLOGY = {
    "version": 1,
    "cluster": "demo",
    "groups": [
        {
            "name": name, "region": "eu", "model": "chat", "revision": "r1",
            "metrics": f"http://{name}/metrics",
            "members": [{"host": f"h-{name}", "gpus": [f"GPU-{name}"],
                         "telemetry": f"http://h-{name}/metrics"}],
        }
        for name in ("g0", "g1")
    ],
    "routers": [{"name": "eu", "region": "eu", "dialect": "demo", "metrics": "http://r/metrics"}],
    "tools": [{"name": "tools", "region": "eu", "metrics": "http://t/metrics"}],
}  # fmt: skip
HOOK = {"url": "http://outside/hook"}
SERVICES = {
    "alertmanager": {
        "addresses": ADDRESSES,
        "receivers": {
            "outside": {"webhook": HOOK},
            "serving": {"pagerduty": {"routing_key_file": "key"}},
        },
        "fallback": "serving",
        "watchdog": "outside",
    },
    "links": {"grafana": "http://grafana", "runbooks": "http://wiki/runbooks"},
}


def see_health(folder: Path) -> Seen:
    """Return what servers say of a cluster that is well, configured in a folder."""
    (folder / "key").write_text("0123456789abcdef0123456789abcdef")
    config = read_config(write_config(folder, TOPOLOGY, **SERVICES))
    files = build(config)
    built = read_built(files)
    bare = Seen(config, read_objectives(config), built, NOW)
    targets = tuple(
        Target(
            job=each["job_name"],
            instance=each["static_configs"][0]["targets"][0],
            url=f"http://{each['static_configs'][0]['targets'][0]}/metrics",
            is_up=True,
            error="",
            interval_seconds=15.0,
            timeout_seconds=10.0,
            took_seconds=0.1,
        )
        for each in scrape_configs(config)
    )
    groups = [{**CLUSTER, catalog.GROUP: name, "instance": "a"} for name in ("g0", "g1")]
    gpus = [
        {catalog.CLUSTER: "demo", catalog.HOST: f"h-{name}", catalog.UUID: f"GPU-{name}"}
        for name in ("g0", "g1")
    ]
    values = {
        **dict.fromkeys(questions(bare), ()),
        PRESENT: samples(*({"__name__": name} for check in CHECKS for name in check.series)),
        FIRING: (Sample({}, 3600.0),),
        groups_served(15.0): samples(*groups),
        gpus_served(15.0): samples(*gpus),
        cells_served(15.0): samples(CLUSTER),
    }
    alertmanagers = tuple(
        Alertmanager(
            f"http://{address}",
            version="0.25.0",
            ahead_seconds=0.2,
            up_seconds=86400.0,
            peers=2,
            config=yaml.safe_load(files["alertmanager.yml"]),
            alerts=(watchdog(bare).labels,),
            has_reloaded=True,
        )
        for address in ADDRESSES
    )
    return replace(
        bare,
        version="2.42.0",
        ahead_seconds=0.0,
        has_reloaded=True,
        targets=targets,
        groups=tuple(replace(each, evaluated_at=NOW - 5) for each in built),
        sends_to=tuple(ADDRESSES),
        server_config=yaml.safe_load(files["prometheus.yml"]),
        values=values,
        problems=(),
        alertmanagers=alertmanagers,
        unknown={"trials": "no test page was sent"},
    )


def samples(*labels: Mapping[str, str], value: float = 1.0) -> tuple[Sample, ...]:
    """Return the elements of a result."""
    return tuple(Sample(each, value) for each in labels)


def answering(seen: Seen, expr: str, found: Sequence[Sample]) -> Seen:
    """Return the same where a question has another answer."""
    assert expr in seen.values, expr
    return replace(seen, values={**seen.values, expr: found})


def led(seen: Seen, change: Callable[[dict[str, Any]], None]) -> Seen:
    """Return the same where both Alertmanagers run on a configuration that was changed."""
    config = yaml.safe_load(yaml.safe_dump(dict(seen.alertmanagers[0].config)))
    change(config)
    changed = tuple(replace(each, config=config) for each in seen.alertmanagers)
    return replace(seen, alertmanagers=changed)


def both(seen: Seen, **changes: Any) -> Seen:
    """Return the same where both Alertmanagers say something else."""
    changed = tuple(replace(each, **changes) for each in seen.alertmanagers)
    return replace(seen, alertmanagers=changed)


def scraped(seen: Seen, job: str, **changes: Any) -> Seen:
    """Return the same where a target is another."""
    targets = tuple(
        replace(each, **changes) if each.job == job else each for each in seen.targets or ()
    )
    return replace(seen, targets=targets)


def findings(seen: Seen) -> list[Finding]:
    """Return what is wrong."""
    return list(diagnose(seen).findings)


def ids(seen: Seen) -> list[str]:
    """Return the checks that find something."""
    return [each.check.id for each in findings(seen)]
