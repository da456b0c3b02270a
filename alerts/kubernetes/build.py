"""Files of rules and routes, for the base that everything for Kubernetes hangs on."""

from __future__ import annotations

from alerts.build import RuleSet, alert_names, rule_sets
from alerts.kubernetes.alertmanager_config import Routing, alertmanager_config_object
from alerts.kubernetes.rules import rule_manifests
from exporters.config import Config
from exporters.kubernetes.build import BASE, KUSTOMIZATION
from exporters.kubernetes.text import kustomization, to_text
from slo.objectives import read_objectives
from slo.rule_files import RulesForm

ROUTES_FILE = "alertmanager-config.yaml"


def build(config: Config, form: RulesForm) -> dict[str, str]:
    """Return rules and routes: text by path.

    Raises:
        InputError: if an objective cannot be read, or a group is larger than the operator takes.
    """
    objectives = read_objectives(config)
    sets: list[RuleSet] = list(rule_sets(config, objectives, form))
    routing = operator_routing(config, form)
    notes = ["What an AlertmanagerConfig cannot say, and our routes otherwise do:"]
    notes += [f"- {each}" for each in routing.unsaid]
    sources = config.generated_from
    files = rule_manifests(sets, form)
    files[ROUTES_FILE] = to_text([routing.manifest], sources, notes)
    files[KUSTOMIZATION] = to_text([kustomization(resources=sorted(files))], sources)
    return {f"{BASE}/alerts/{name}": text for name, text in files.items()}


def operator_routing(config: Config, form: RulesForm) -> Routing:
    """Return our routes for the operator."""
    objectives = read_objectives(config)
    names = alert_names(rule_sets(config, objectives))
    return alertmanager_config_object(config, objectives, names, dict(form.labels))
