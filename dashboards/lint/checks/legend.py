"""``queries/legend``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alerts.lint.checks.label import listed, mistyped_fix
from alerts.lint.mistyped import meant
from dashboards.lint.board import Query, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem

_LABEL = re.compile(r"\{\{(?P<label>[^{}]+)\}\}")
"""As Grafana finds them: ``legendFormat`` of its Prometheus data source."""
_NAME = "__name__"


def check_legend(query: Query, boards: Boards) -> Iterator[Problem]:
    """Yield labels that a legend shows and the result cannot have."""
    tree, legend = query.parsed.tree, query.legend
    if tree is None or legend is None or not query.are_labels_known:
        return
    found = boards.rules.labels_of(tree)
    if found is None:
        return
    for each in _LABEL.finditer(legend.text):
        label = each["label"].strip()
        if label in ("", _NAME) or "$" in label:
            continue
        if label not in found.may:
            said = f"which the result does not have; its labels are {listed(found)}"
            fix = "keep the label, or do not show it"
        elif (near := meant(label, tree, boards.rules)) is not None:
            said, fix = f"which may be {near} mistyped", mistyped_fix(near)
        else:
            continue
        at = legend.text.index(label, each.start())
        line, column = query.source.position_in(legend.place, at)
        message = f"its legend shows {plain(label)}, {said}"
        yield Problem(query.file, line, column, query.name, message, fix, "queries/legend")
