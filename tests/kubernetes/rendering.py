"""What is built for Kubernetes, as kustomize renders it."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import yaml

import shardwatch
from exporters.config import read_config
from exporters.generated import write_generated
from exporters.kubernetes.build import OF_PAGES, ON_NODES, ON_NODES_PRIVILEGED
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat
from tests.kubernetes.configuring import write

FORM = RulesForm(RulesFormat.OPERATOR, labels={"release": "monitoring"})
OVERLAYS = (OF_PAGES, ON_NODES, ON_NODES_PRIVILEGED)


class _Loader(yaml.CSafeLoader):
    """As Go reads YAML, where ``=`` is a text."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)


def kustomize(folder: Path) -> list[dict[str, Any]]:
    """Return what a kustomization renders."""
    path = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    kubectl = shutil.which("kubectl", path=path)
    assert kubectl, "kubectl is no package of the environment: make setup"
    command = [kubectl, "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return list(yaml.load_all(done.stdout, _Loader))


def build(folder: Path, content: dict[str, Any], topology: dict[str, Any] | None = None) -> Path:
    """Build a configuration; return the folder of what is for kubectl."""
    config = read_config(write(folder, content, topology), needs_routing_key=False)
    files = shardwatch._build_all(config, FORM, shardwatch.KUBERNETES_BUILDERS)
    write_generated(folder / "out", files)
    return folder / "out/kubernetes"


def of_kind(objects: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """Return the objects of some kinds."""
    return [each for each in objects if each["kind"] in kinds]
