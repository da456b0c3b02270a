"""Specs of Sloth's, in both forms."""

import pytest

PLAIN = """\
version: prometheus/v1
service: shop.Web
labels: {owner: checkout, grade: 2, internal: true, weight: 0.50}
slos:
- name: Requests_ok
  description: |
    Requests are
    answered.
  objective: 99.90
  labels: {category: availability}
  sli:
    events:
      error_query: sum by (region) (rate(requests_total{code=~"5.."}[{{.window}}]))
      total_query: sum by (region) (rate(requests_total[{{.window}}]))
  alerting:
    name: ShopErrors
    labels: {channel: shop}
    annotations: {summary: The shop errs., runbook: "http://runbooks/shop"}
    page_alert:
      labels: {channel: "shop-loud", severity: critical}
      annotations: {runbook: "http://runbooks/page"}
    ticket_alert: {labels: {severity: warning}}
- name: probes
  objective: 95
  sli: {raw: {error_ratio_query: "1 - avg_over_time(probe_success[{{.window}}])"}}
  alerting: {ticket_alert: {disable: true}}
- name: satisfaction
  objective: 90
  sli:
    events:
      error_query: sum_over_time((count(satisfaction < 0.75))[{{.window}}:]) OR on() vector(0)
      total_query: sum_over_time((count(satisfaction))[{{.window}}:])
  alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
"""

KUBERNETES = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring, labels: {release: x}}
spec:
  service: shop
  slos:
  - name: requests
    objective: 99.9
    sli:
      events:
        errorQuery: sum(rate(requests_total{code=~"5.."}[{{.window}}]))
        totalQuery: sum(rate(requests_total[{{.window}}]))
    alerting:
      pageAlert: {labels: {team: shop}}
      ticketAlert: {disable: true}
"""


@pytest.fixture
def plain() -> str:
    """Three SLOs of ``version: prometheus/v1``, with everything that there is."""
    return PLAIN


@pytest.fixture
def kubernetes() -> str:
    """One SLO as a Kubernetes resource."""
    return KUBERNETES
