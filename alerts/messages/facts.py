"""What a page says, in whatever form: fragments of templates that Alertmanager fills in.

A page answers: which objective, how fast it burns, when its budget is gone, who is hit, the most
probable cause with its evidence, since when, what to do first, and where to look. An alert without
an annotation leaves out what that would have told.

Functions that templates have: https://prometheus.io/docs/alerting/latest/notifications/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.burn import ERROR_BUDGET_BURN
from alerts.links import TIME_RANGE
from alerts.owners import OWNER
from exporters import catalog
from slo import conventions

FACTS: Mapping[str, str] = {
    "burn_rate": "Burns",
    "budget_left": "Budget left",
    "budget_gone": "Budget gone",
    "users_hit": "Users hit",
    "groups_hit": "Groups hit",
    "probable_cause": "Probable cause",
    "cause_since": "Cause since",
    "evidence": "Evidence",
    "first_step": "First",
    "description": "Description",
}
"""Annotations that a page shows where they are there, and what people call them."""

BEFORE = 10_800_000_000_000
"""Nanoseconds before an alert at which the board begins: three hours, for the rise to it."""

_FIRST = (
    "{{ $alerts := .Alerts.Firing }}{{ if not $alerts }}{{ $alerts = .Alerts.Resolved }}{{ end }}"
    "{{ $first := index $alerts 0 }}{{ $found := false }}{{ range $alerts }}"
    f'{{{{ if and (not $found) (eq .Labels.alertname "{ERROR_BUDGET_BURN}") }}}}'
    "{{ $first = . }}{{ $found = true }}{{ end }}{{ end }}"
    "{{ with $first }}%s{{ end }}"
)
_WHEN = '.StartsAt.UTC.Format "2006-01-02 15:04:05"'


def of_the_first(template: str) -> str:
    """Return a template of the alert that speaks for its group: ``.`` is that one.

    Of a group's alerts, which are sorted by their labels as text, the first burn that fires, or
    else the first of all: a burn says what users feel, and names the cause. Of its tiers that is
    ``1d``, ``1h``, ``3d``, ``6h``: of those that page, the faster.
    """
    return _FIRST % template


def label(name: str) -> str:
    """Return the template of a label that the alerts of a group have in common; else empty."""
    return f"{{{{ .CommonLabels.{name} }}}}"


def label_of_the_first(name: str) -> str:
    """Return the template of a label that all of a group have in common, or else its first."""
    common = f".CommonLabels.{name}"
    first = of_the_first(f"{{{{ .Labels.{name} }}}}")
    return f"{{{{ with {common} }}}}{{{{ . }}}}{{{{ else }}}}{first}{{{{ end }}}}"


def cluster_or(configured: str) -> str:
    """Return the template of the alerts' cluster, or of the one that was configured.

    One Alertmanager may be told by the servers of several.
    """
    here = f"{{{{ with .CommonLabels.{catalog.CLUSTER} }}}}{{{{ . }}}}{{{{ else }}}}"
    return f"{here}{configured}{{{{ end }}}}"


def annotation(name: str) -> str:
    """Return the template of an annotation of the group's first alert."""
    return of_the_first(f"{{{{ .Annotations.{name} }}}}")


def title(severity: str) -> str:
    """Return the template of a message's first line: of a channel, or of an e-mail's subject."""
    return (
        f'{{{{ if eq .Status "firing" }}}}[{severity}]{{{{ else }}}}[resolved]{{{{ end }}}} '
        f"{annotation('summary')}"
    )


def since() -> str:
    """Return the template of when it began, as far as is known."""
    return of_the_first(since_of_one())


def since_of_one() -> str:
    """Return the same of one alert."""
    when = f"{{{{ {_WHEN} }}}} UTC"
    return f"{{{{ with .Annotations.since }}}}{{{{ . }}}}{{{{ else }}}}{when}{{{{ end }}}}"


def dashboard_url() -> str:
    """Return the template of the board's address, from before the alert, whenever it is opened."""
    begin = f"(.StartsAt.Add -{BEFORE}).UnixMilli"
    return of_the_first(
        f'{{{{ reReplaceAll "{TIME_RANGE}$" (printf "from=%d&to=now" {begin}) '
        ".Annotations.dashboard_url }}"
    )


def review_url(reviews: str) -> str:
    """Return the template of where the record of reviews has what burns; else of all incidents."""
    found = f"{{{{ with .Annotations.review_url }}}}{{{{ . }}}}{{{{ else }}}}{reviews.rstrip('/')}"
    return of_the_first(f"{found}/incidents{{{{ end }}}}")


def runbook_url() -> str:
    """Return the template of the runbook's address."""
    return annotation("runbook_url")


def listed(state: str) -> str:
    """Return the template of all alerts of a group: of its ``Firing`` or its ``Resolved``."""
    return (
        f"{{{{ range $i, $alert := .Alerts.{state} }}}}{{{{ if $i }}}}; {{{{ end }}}}"
        f"{{{{ .Annotations.summary }}}}, since {{{{ {_WHEN} }}}} UTC{{{{ end }}}}"
    )


def labels_of_each() -> str:
    """Return the template of the labels of all alerts that fire, a line each."""
    return (
        "{{ range $i, $alert := .Alerts.Firing }}{{ if $i }}\n{{ end }}"
        "{{ range $j, $pair := $alert.Labels.SortedPairs }}{{ if $j }} {{ end }}"
        "{{ $pair.Name }}={{ $pair.Value }}{{ end }}{{ end }}"
    )


def place_labels(grouping_labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that tell who is hit, each once."""
    told = (
        conventions.SLO,
        conventions.SERVICE,
        catalog.CLUSTER,
        catalog.REGION,
        *grouping_labels,
        OWNER,
    )
    return tuple(dict.fromkeys(told))
