"""All that is built for Kubernetes, as an API server would judge it; and that its judge sees."""

import copy
from typing import Any

import pytest

from exporters.kubernetes.build import OF_PAGES, ON_NODES
from tests.kubernetes.rendering import OVERLAYS, of_kind
from tests.kubernetes.schemas import mistakes

LEFT_OUT = object()
MISTAKES: dict[str, tuple[str, tuple[Any, ...], Any]] = {
    "a field of Kubernetes that there is not": ("Deployment", ("spec", "replica"), 1),
    "a text for a number": ("Deployment", ("spec", "replicas"), "one"),
    "a list for a mapping": ("ConfigMap", ("data",), ["no mapping"]),
    "a field that is not of its version": (
        "PodDisruptionBudget", ("spec", "maxUnavailables"), 1),
    "a field of the operator that there is not": ("ServiceMonitor", ("spec", "endpoint"), []),
    "a field of an object that there is not": (
        "ServiceMonitor", ("metadata", "label"), {"a": "b"}),
    "a field that there is not, deep below": (
        "PodMonitor", ("spec", "podMetricsEndpoints", 0, "relabelings", 0, "regexp"), "a"),
    "a field that is written otherwise": (
        "PrometheusRule", ("spec", "groups", 0, "intervall"), "1m"),
    "a field of Alertmanager's in a route of a route": (
        "AlertmanagerConfig", ("spec", "route", "routes", 1, "group_by"), ["slo"]),
    "what is no duration": ("ServiceMonitor", ("spec", "endpoints", 0, "interval"), "often"),
    "a list for an expression": (
        "PrometheusRule", ("spec", "groups", 0, "rules", 0, "expr"), []),
    "a number for a label": (
        "PrometheusRule", ("spec", "groups", 0, "rules", 0, "labels", "severity"), 1),
    "a number for an address": (
        "AlertmanagerConfig", ("spec", "receivers", 0, "webhookConfigs", 0, "url"), 1),
    "a number for a text": (
        "AlertmanagerConfig", ("spec", "receivers", 7, "pagerdutyConfigs", 0, "description"), 1),
    "a text for a choice": (
        "AlertmanagerConfig", ("spec", "route", "routes", 1, "continue"), "yes"),
    "nothing for a text": ("ServiceMonitor", ("spec", "jobLabel"), None),
    "a scheme that there is not": (
        "ServiceMonitor", ("spec", "endpoints", 0, "scheme"), "gopher"),
    "an action that there is not": (
        "PodMonitor", ("spec", "podMetricsEndpoints", 0, "relabelings", 0, "action"), "erase"),
    "an operator that there is not": (
        "AlertmanagerConfig", ("spec", "inhibitRules", 0, "sourceMatch", 0, "matchType"), "=="),
    "no selector": ("ServiceMonitor", ("spec", "selector"), LEFT_OUT),
    "no expression": (
        "PrometheusRule", ("spec", "groups", 0, "rules", 0, "expr"), LEFT_OUT),
    "no name of a group": ("PrometheusRule", ("spec", "groups", 0, "name"), LEFT_OUT),
    "no name of a receiver": (
        "AlertmanagerConfig", ("spec", "receivers", 0, "name"), LEFT_OUT),
}  # fmt: skip
"""Of which kind of object, in which place, and what stands there instead."""


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_what_its_schema_says(rendered, overlay: str):
    """Those that Kubernetes publishes, and the operator; no field is unknown."""
    found = zip(rendered[overlay], mistakes(rendered[overlay]), strict=True)
    assert {} == {
        f"{each['kind']} {each['metadata']['name']}": said for each, said in found if said
    }


@pytest.fixture(scope="module")
def found(rendered) -> dict[str, list[str]]:
    """What is found of each mistake, made in the first object of its kind."""
    broken = []
    for kind, place, value in MISTAKES.values():
        each = copy.deepcopy(of_kind(rendered[OF_PAGES] + rendered[ON_NODES], kind)[0])
        *parents, last = place
        part = each
        for parent in parents:
            part = part[parent]
        if value is LEFT_OUT:
            del part[last]
        else:
            part[last] = value
        broken.append(each)
    return dict(zip(MISTAKES, mistakes(broken), strict=True))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen(found, mistake: str):
    """In its place, or named in what is said of the object around it, and nothing else is."""
    *around, last = MISTAKES[mistake][1]
    parent = "".join(f"/{each}" for each in around)
    assert [] != found[mistake]
    for said in found[mistake]:
        assert said.startswith((f"{parent}/{last}: ", f"{parent}: "))
        assert str(last) in said
