"""OpenSLO texts to vary, and their objectives."""

from textwrap import indent

from exporters.documents import parse_documents
from slo.objective import Objective
from slo.spec.resolve import Source, resolve_objectives

SERVICE = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: inference}
"""
RATIO = """\
ratioMetric:
  counter: true
  bad: {metricSource: {type: Prometheus, spec: {query: 'requests_total{outcome="error"}'}}}
  total: {metricSource: {type: Prometheus, spec: {query: requests_total}}}
"""
ROLLING = "{duration: 28d, isRolling: true}"


def threshold(query: str) -> str:
    """Return the specification of an indicator that is a value."""
    return f"thresholdMetric: {{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}\n"


def raw(query: str, raw_type: str) -> str:
    """Return the specification of an indicator that somebody else computed."""
    source = f"{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}"
    return f"ratioMetric: {{rawType: {raw_type}, raw: {source}}}\n"


def an_slo(
    *objectives: str,
    name: str = "availability",
    annotations: str = "",
    metric: str = RATIO,
    window: str = ROLLING,
    method: str = "Occurrences",
    more: str = "",
) -> str:
    """Return an SLO whose indicator stands within; its parts as YAML in a line."""
    listed = "".join(f"  - {each}\n" for each in objectives or ("{target: 0.999}",))
    return (
        "apiVersion: openslo/v1\nkind: SLO\n"
        f"metadata:\n  name: {name}\n  annotations: {{{annotations}}}\n"
        f"spec:\n  service: inference\n  budgetingMethod: {method}\n"
        f"  timeWindow:\n  - {window}\n  objectives:\n{listed}"
        f"  indicator:\n    metadata: {{name: errors}}\n    spec:\n{indent(metric, ' ' * 6)}{more}"
    )


def resolve(*texts: str) -> tuple[Objective, ...]:
    """Return the objectives in files ``0.yaml``, ``1.yaml`` and so on."""
    return resolve_objectives(
        Source(document, f"{index}.yaml")
        for index, text in enumerate(texts)
        for document in parse_documents(text, f"{index}.yaml")
    )


def the_objective(*texts: str) -> Objective:
    """Return the only objective in files and a service."""
    [objective] = resolve(*texts, SERVICE)
    return objective
