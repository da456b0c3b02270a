"""Every check of rules: its id, how grave it is, what it is about."""

from __future__ import annotations

from alerts.lint.grading import Check, Table
from alerts.lint.promql_table import OF_EXPRESSIONS

REFUSED = "rules/refused"

_CHECKS = (
    # --- alerts -------------------------------------------------------------------------------
    Check("alerts/always-fires", "error", "An alert of a family of 0 and 1 that compares it with "
          "nothing (`shardwatch_group_state{state=\"dead\"}` without `== 1`): it fires for all "
          "that is well, too."),
    Check("alerts/clash", "error", "With `--with-ours`: a series or a group that shardwatch "
          "writes as well, or an alert with a name and a severity (`page`, `ticket`, `none`) of "
          "one of its own, which Alertmanager would lead to shardwatch's receivers."),
    Check("alerts/duplicate", "error", "Two rules of one name with the same labels, whose "
          "expressions differ in numbers at most: the alerts or series of one are taken for the "
          "other's."),
    Check("alerts/keep-firing", "info", "`keep_firing_for`, which vmalert up to 1.79 refuses, and "
          "Prometheus before 2.42."),
    Check("alerts/never-fires", "error", "An alert that nothing can make fire: two matchers that "
          "no series satisfies, a threshold beyond what the value can be, a burn above 1 / (1 - "
          "target), conditions that exclude each other, `absent` of what is always there, a `for` "
          "that outlasts its condition."),
    Check("alerts/no-summary", "warning", "An alert without the annotations summary or "
          "description: whoever is woken reads only its name."),
    Check("alerts/runbook", "warning", "An alert without the annotation runbook_url, or with one "
          "that is no URL. Of ours: with one that is not among the runbooks."),
    Check("alerts/severity", "warning", "An alert without the label severity, or with one that is "
          "not among the known: no route takes it to anybody."),
    Check("alerts/unexpected", "warning", "With `--scenarios`: an alert that no scenario expects, "
          "so that nobody has ever seen it fire. Those that always fire apart, and of ours those "
          "that no scenario can show (alerts/unseen.py)."),
    # --- labels -------------------------------------------------------------------------------
    Check("labels/lost", "error", "A template names a label that the expression's result cannot "
          "have: an aggregation dropped it, it is mistyped, or the rule sets it itself, which "
          "templates do not see. It is filled in as nothing."),
    Check("labels/overwritten", "error", "The rule sets a label that the expression's result has "
          "with several values: elements become one, and the whole rule fails (`vector contains "
          "metrics with the same labelset`)."),
    Check("labels/unbounded", "warning", "A label with as many values as there are users, requests "
          "or addresses: each is a series or an alert of its own."),
    Check("labels/value", "error", "A label of an alert has the value in it, or one that it asks "
          "the server for: with each change it is another alert, which never reaches its `for` and "
          "pages anew."),
    # --- PromQL -------------------------------------------------------------------------------
    *OF_EXPRESSIONS,
    Check("promql/syntax", "error", "An expression that is no PromQL: Prometheus refuses the whole "
          "file."),
    # --- rules --------------------------------------------------------------------------------
    Check("rules/ignore", "warning", "A comment `shardwatch:ignore` that names no check, gives no "
          "reason, or suppresses nothing."),
    Check("rules/interval", "warning", "A group that is evaluated less often than every 2 minutes: "
          "alerts come so much later, and `for` counts in such steps."),
    Check(REFUSED, "error", "A field that is none, or that is none of its kind (a `for` of `5 "
          "minutes`): Prometheus refuses the whole file. The rule, or the group, is looked at no "
          "further; all others are."),
    Check("rules/template", "error", "A label or an annotation that is no template: Prometheus "
          "refuses the whole file."),
)  # fmt: skip

TABLE = Table(_CHECKS, "alerts/lint/README.md", "rules/ignore")
"""What rules are looked at for."""
