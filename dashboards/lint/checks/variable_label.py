"""``variables/label``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.checks.label import listed, mistyped_fix
from alerts.lint.mistyped import meant
from dashboards.lint.board import Query, plain
from dashboards.lint.boards import Boards
from exporters.problems import Problem


def check_variable_label(query: Query, boards: Boards) -> Iterator[Problem]:
    """Yield variables of a label's values that the series cannot have."""
    tree = query.parsed.tree
    if tree is None or not query.label or not query.are_labels_known:
        return
    label, found = query.label, boards.rules.labels_of(tree)
    if found is None or label == "__name__" or "$" in label:
        return
    if label not in found.may:
        message = f"offers the values of {plain(label)}, which the series does not have; "
        message += f"its labels are {listed(found)}"
        yield query.problem("variables/label", message, "correct the label, or take another series")
    elif (near := meant(label, tree, boards.rules)) is not None:
        message = f"offers the values of {label}, which may be {near} mistyped"
        yield query.problem("variables/label", message, mistyped_fix(near))
