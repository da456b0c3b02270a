"""Boards as ConfigMaps, which a sidecar of Grafana in Kubernetes looks for and loads.

As Grafana's Helm chart sets its sidecar up: ``sidecar.dashboards.label``; and, where it is set to
the name below, ``sidecar.dashboards.folderAnnotation``. ``kubectl apply`` writes all that it
applied into an annotation, which may have 256 KiB: ``kubectl apply --server-side`` does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from dashboards.build import BOARDS_FOLDER, build_boards
from dashboards.links import TAG
from exporters.config import Config
from exporters.generated import header
from exporters.kubernetes.build import BASE, KUSTOMIZATION
from exporters.kubernetes.text import kustomization, to_text
from exporters.problems import InputError, Problem, problem
from slo.rule_files import RulesForm
from slo.yaml_text import Data, write_yaml

LABEL, LABEL_VALUE = "grafana_dashboard", "1"
FOLDER_ANNOTATION = "grafana_folder"
MOST_BYTES = 1024 * 1024
"""Of a ConfigMap's data, keys included: Kubernetes refuses more."""


def build(config: Config, _: RulesForm) -> dict[str, str]:
    """Return the boards' part of what is built for Kubernetes: text by path."""
    sources = config.generated_from
    maps = config_maps(build_boards(config.file.links), sources)
    listed = to_text([kustomization(resources=sorted(maps))], sources)
    files = {**maps, KUSTOMIZATION: listed}
    return {f"{BASE}/{BOARDS_FOLDER}/{name}": text for name, text in files.items()}


def config_maps(boards: Mapping[str, str], sources: Iterable[Path] = ()) -> dict[str, str]:
    """Return manifests by file name, ``fleet.yaml``: a ConfigMap for each board.

    Args:
        boards: their JSON, by file name: ``fleet.json``.
        sources: what they were made from, for the header; boards of ours are made from nothing.

    Raises:
        InputError: if a board is larger than a ConfigMap may be.
    """
    problems = [each for name, text in boards.items() for each in _too_large(name, text)]
    if problems:
        raise InputError(problems)
    return {
        f"{PurePosixPath(name).stem}.yaml": header(sources) + write_yaml(_config_map(name, text))
        for name, text in boards.items()
    }


def _config_map(name: str, text: str) -> Data:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{TAG}-dashboard-{PurePosixPath(name).stem}",
            "annotations": {FOLDER_ANNOTATION: TAG},
            "labels": {LABEL: LABEL_VALUE},
        },
        "data": {f"{TAG}-{name}": text},
    }


def _too_large(name: str, text: str) -> list[Problem]:
    size = len(f"{TAG}-{name}".encode()) + len(text.encode())
    if size <= MOST_BYTES:
        return []
    message = f"found {size} bytes, expected at most {MOST_BYTES} in a ConfigMap"
    return [problem(name, message, fix="provision this board as a file")]
