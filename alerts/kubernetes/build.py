"""Files of rules and routes, for the base that everything for Kubernetes hangs on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.build import RuleSet, alert_names, fragment_of, rule_sets
from alerts.kubernetes.alertmanager_config import Routing, operator_routing
from alerts.kubernetes.rules import rule_manifests
from exporters.config import Config
from exporters.kubernetes.build import BASE, KUSTOMIZATION
from exporters.kubernetes.text import kustomization, to_text
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.rule_files import RulesForm

ROUTES_FILE = "alertmanager-config.yaml"


def build(config: Config, form: RulesForm) -> dict[str, str]:
    """Return rules and routes: text by path.

    Raises:
        InputError: if an objective cannot be read, or a group is larger than the operator takes.
    """
    objectives = read_objectives(config)
    sets = list(rule_sets(config, objectives, form))
    routing = routing_of(config, form, objectives, sets)
    notes = ["What an AlertmanagerConfig cannot say, and our routes otherwise do:"]
    notes += [f"- {each}" for each in routing.unsaid]
    sources = config.generated_from
    files = rule_manifests(sets, form)
    files[ROUTES_FILE] = to_text([routing.manifest], sources, notes)
    files[KUSTOMIZATION] = to_text([kustomization(resources=sorted(files))], sources)
    return {f"{BASE}/alerts/{name}": text for name, text in files.items()}


def routing_of(
    config: Config, form: RulesForm, objectives: Sequence[Objective], sets: Iterable[RuleSet]
) -> Routing:
    """Return our routes for the operator.

    Args:
        config: the user's configuration.
        form: how rules are written.
        objectives: those that the configuration names.
        sets: all of their rules.
    """
    names = alert_names(sets)
    return operator_routing(fragment_of(config, objectives, names), names, form.labels)
