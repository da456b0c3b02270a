"""An objective as its users write it, for tests of commands."""


def availability(name: str, period: str, bad: str = 'requests_total{outcome="error"}') -> str:
    """Return an OpenSLO file: 99 % of the requests of each cell, its name at line 8."""
    return f"""\
apiVersion: openslo/v1
kind: Service
metadata: {{name: things}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
  annotations: {{shardwatch.dev/grouping-labels: cell}}
spec:
  service: things
  budgetingMethod: Occurrences
  timeWindow: [{{duration: {period}, isRolling: true}}]
  objectives: [{{target: 0.99}}]
  indicator:
    metadata: {{name: {name}}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: '{bad}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: requests_total}}}}}}
"""
