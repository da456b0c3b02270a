"""Random scenarios of one interval: series and rule files, as text and as they are read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from alerts.build import build
from demo.lab.faithfulness.cluster_series import cluster_series
from demo.lab.faithfulness.random_rules import RandomRules
from demo.lab.faithfulness.random_series import Sampled, random_series
from exporters.config import read_config
from exporters.documents import SAFE_LOADER
from slo.render import render_groups

INTERVALS_SECONDS = (15, 30, 60)
MOMENTS = 60
BUILT_EVERY = 10
"""Every so many scenarios the rules are those that we build for real objectives."""
BUILT_INTERVAL_SECONDS = 60
"""At which both groups of an objective are evaluated: promtool knows one interval only."""
BUILT_MOMENTS = 80

_CONFIG = {
    "topology": "topology.yaml",
    "prometheus": {
        "url": "http://127.0.0.1:9090",
        "scrape_interval": f"{BUILT_INTERVAL_SECONDS}s",
    },
}
_OBJECTIVES = ("library:chat", "library:agents")
"""By turns."""
_TOPOLOGY = {
    "version": 1,
    "cluster": "demo",
    "groups": [
        {
            "name": f"{region}-chat-0",
            "region": region,
            "model": "chat",
            "revision": "r1",
            "metrics": f"http://127.0.0.1:8000/{region}",
            "members": [
                {"host": f"h-{region}", "gpus": [f"GPU-{region}"],
                 "telemetry": f"http://127.0.0.1:9400/{region}"}
            ],
        }
        for region in ("eu", "us")
    ],
}  # fmt: skip


@dataclass(frozen=True)
class FaithfulnessScenario:
    """What both sides get."""

    seed: int
    interval_seconds: int
    moments: int
    series: tuple[Sampled, ...]
    rules: str
    """A rule file; all its groups are evaluated at the interval, in its order."""


def random_scenario(seed: int) -> FaithfulnessScenario:
    """Return the scenario of a seed: every tenth is of the rules that we build."""
    random = np.random.default_rng(seed)
    if seed % BUILT_EVERY == 0:
        interval, moments = BUILT_INTERVAL_SECONDS, BUILT_MOMENTS
        series = cluster_series(random, moments, interval)
        rules = _built_rules(_OBJECTIVES[seed // BUILT_EVERY % len(_OBJECTIVES)])
    else:
        interval, moments = int(random.choice(INTERVALS_SECONDS)), MOMENTS
        series = random_series(random, moments)
        rules = render_groups(RandomRules(random, interval).groups(), ["random"])
    return FaithfulnessScenario(seed, interval, moments, tuple(series), rules)


@cache
def _built_rules(objectives: str) -> str:
    """Return all rules of objectives of the library, with all tiers and causes.

    Without annotations: they change nothing of when an alert fires, and cost promtool seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "shardwatch.yaml")
        config.write_text(yaml.safe_dump({**_CONFIG, "objectives": [objectives]}), encoding="utf-8")
        Path(folder, "topology.yaml").write_text(yaml.safe_dump(_TOPOLOGY), encoding="utf-8")
        files = build(read_config(config))
    groups = [
        group
        for path, text in files.items()
        if path.startswith("rules/")
        for group in yaml.load(text, SAFE_LOADER)["groups"]  # noqa: S506 - a SafeLoader
    ]
    for rule in (rule for group in groups for rule in group["rules"]):
        rule.pop("annotations", None)
    return yaml.safe_dump({"groups": groups}, sort_keys=False, width=1000)
