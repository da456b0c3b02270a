"""Text of annotations: fragments of Go templates that Prometheus fills in at each evaluation.

Functions that templates have: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MORE_THAN_SHOWN = 10
"""Elements of a list that an annotation shows; a page is read on a telephone."""


def matchers(fixed: Mapping[str, str], labels: Sequence[str], **others: str) -> str:
    """Return matchers of a selector in a query of :func:`lookup`: ``slo="x",region=%q``.

    Args:
        fixed: label values known now.
        labels: labels whose values are the alert's own.
        others: matchers by label, operator included: ``state='!="up"'``.
    """
    return ",".join([
        *(f'{name}="{value}"' for name, value in fixed.items()),
        *(f"{name}{rest}" for name, rest in others.items()),
        *(f"{label}=%q" for label in labels),
    ])  # fmt: skip


def lookup(expr: str, labels: Sequence[str]) -> str:
    """Return a template's pipeline that gives the result of a query.

    Args:
        expr: PromQL; each ``%q`` stands for the alert's value of a label.
        labels: the labels in the order of the ``%q``, once: a second selector repeats them all.
    """
    times = expr.count("%q") // len(labels) if labels else 0
    values = "".join(f" $labels.{label}" for label in labels) * times
    return f"printf `{expr}`{values} | query" if labels else f"query `{expr}`"


def first_value(expr: str, labels: Sequence[str], shown: str, missing: str) -> str:
    """Return a template of the first value of a query.

    Args:
        expr: as in :func:`lookup`.
        labels: as in :func:`lookup`.
        shown: the function that formats it: ``humanizePercentage``, ``printf "%.1f"``.
        missing: text if there is no value.
    """
    return (
        f"{{{{ with {lookup(expr, labels)} }}}}{{{{ . | first | value | {shown} }}}}"
        f"{{{{ else }}}}{missing}{{{{ end }}}}"
    )


def choice(expr: str, labels: Sequence[str], there: str, missing: str) -> str:
    """Return a template of one text where a query has a result, and of another where it has none.

    Args:
        expr: as in :func:`lookup`.
        labels: as in :func:`lookup`.
        there: template for a result.
        missing: template for none.
    """
    return f"{{{{ if {lookup(expr, labels)} }}}}{there}{{{{ else }}}}{missing}{{{{ end }}}}"


def listing(expr: str, labels: Sequence[str], element: str, missing: str, sort_by: str) -> str:
    """Return a template that lists the elements of a query, separated by commas.

    Args:
        expr: as in :func:`lookup`; the first :data:`MORE_THAN_SHOWN` elements are shown, the rest
            counted.
        labels: as in :func:`lookup`.
        element: template of one element, ``.Labels`` its labels.
        missing: text if there is none.
        sort_by: label to sort by.
    """
    rest = f"count({expr}) - {MORE_THAN_SHOWN} > 0"
    return (
        f"{{{{ with {lookup(f'topk({MORE_THAN_SHOWN}, {expr})', labels)} }}}}"
        f'{{{{ range $i, $each := sortByLabel "{sort_by}" . }}}}'
        f"{{{{ if $i }}}}, {{{{ end }}}}{element}{{{{ end }}}}"
        f"{{{{ with {lookup(rest, labels)} }}}} and {{{{ . | first | value }}}} more{{{{ end }}}}"
        f"{{{{ else }}}}{missing}{{{{ end }}}}"
    )


def cell_text(labels: Sequence[str]) -> str:
    """Return a template that names the alert's cell: ``region eu, model chat``."""
    return (
        ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in labels) or "the whole cluster"
    )
