"""How long it takes from 1,000 objectives in OpenSLO to a rule file that promtool accepts.

As a user does it: ``shardwatch slo rules`` and ``promtool check rules``, both as processes, one
after the other. Each objective has a selector of its own, two grouping labels and four tiers.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from exporters.benching import ROOT
from exporters.programs import locate_program

OBJECTIVES = 1000
ROUNDS = 3
"""The best counts: what else the machine does only disturbs."""
RULES_OF_EACH = 24

_SERVICE = """\
apiVersion: openslo/v1
kind: Service
metadata:
  name: inference
"""
_SLO = """\
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: product-{number}
  annotations:
    shardwatch.dev/grouping-labels: region, model
spec:
  service: inference
  indicator:
    metadata:
      name: product-{number}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec:
              query: requests_total{{product="p{number}",outcome="error"}}
        total:
          metricSource:
            type: Prometheus
            spec:
              query: requests_total{{product="p{number}"}}
  budgetingMethod: Occurrences
  timeWindow:
  - duration: 28d
    isRolling: true
  objectives:
  - target: 0.999
"""
_CONFIG = """\
topology: topology.yaml
prometheus: {url: "http://127.0.0.1:9090", scrape_interval: 15s}
objectives: [objectives.yaml]
"""
_TOPOLOGY = """\
version: 1
cluster: bench
groups:
- {name: g, region: eu, model: m, revision: r1, metrics: "http://127.0.0.1:8000/metrics",
   members: [{host: h, gpus: [GPU-0], telemetry: "http://127.0.0.1:9400/metrics"}]}
"""


def generating_seconds(folder: Path, count: int = OBJECTIVES, rounds: int = ROUNDS) -> float:
    """Return how long it takes for so many objectives, in a folder that is empty.

    Raises:
        ValueError: if not all rules are there.
        subprocess.CalledProcessError: if a program fails.
    """
    config = write_project(folder, count)
    rules = folder / "rules.yaml"
    generate = [sys.executable, "-m", "shardwatch", "slo", "rules",
                "--config", str(config), "--out", str(rules)]  # fmt: skip
    check = [str(locate_program("promtool")), "check", "rules", str(rules)]
    found = f"{count * RULES_OF_EACH} rules found"
    return min(_seconds(generate, check, found) for _ in range(rounds))


def write_project(folder: Path, count: int) -> Path:
    """Write a configuration with so many objectives, and return its path."""
    config = folder / "shardwatch.yaml"
    config.write_text(_CONFIG, encoding="utf-8")
    (folder / "topology.yaml").write_text(_TOPOLOGY, encoding="utf-8")
    documents = (_SLO.format(number=number) for number in range(count))
    (folder / "objectives.yaml").write_text(_SERVICE + "".join(documents), encoding="utf-8")
    return config


def _seconds(generate: list[str], check: list[str], found: str) -> float:
    start = time.monotonic()
    subprocess.run(generate, cwd=ROOT, check=True)
    said = subprocess.run(check, capture_output=True, text=True, check=True).stdout
    taken = time.monotonic() - start
    if found not in said:
        raise ValueError(f"promtool says {said}, expected {found}")
    return taken
