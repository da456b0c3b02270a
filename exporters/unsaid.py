"""What ``shardwatch.yaml`` leaves unsaid of exporters, and is taken to be so."""

from __future__ import annotations

from exporters.config import PORTS, Config
from exporters.problems import Problem

_ON_REQUEST = {"probe"}
"""Exporters that nobody runs who does not say so."""


def exporter_doubts(config: Config) -> list[Problem]:
    """Return that Prometheus is told to scrape exporters on its own host, where nobody said so.

    Nothing where ``kubernetes`` says how they run: they have addresses of their own then.
    """
    file = config.file
    names = PORTS.keys() - _ON_REQUEST - file.exporters.model_fields_set
    if not names or "kubernetes" in file.model_fields_set:
        return []
    taken = [f"{name} at {getattr(file.exporters, name)[0]}" for name in PORTS if name in names]
    found = f"missing: Prometheus is told to scrape {', '.join(taken)}"
    if "exporters" in file.model_fields_set:
        found = f"names no {', '.join(each.partition(' ')[0] for each in taken)}: {found[9:]}"
    return [
        config.document.problem(
            ("exporters",), found, "say where each one runs, and [] for one that does not"
        )
    ]
