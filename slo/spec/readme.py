"""The tables of ``slo/spec/README.md``, made of the models: ``python -m slo.spec.readme``.

Each stands between two comments that name it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from slo.spec.alerting import AlertConditionSpec, AlertPolicySpec, TargetSpec
from slo.spec.annotations import Annotations, ConditionAnnotations, SloAnnotations, annotation_key
from slo.spec.metrics import Metric, SliSpec
from slo.spec.objects import Metadata
from slo.spec.openslo import KINDS

FILE = Path(__file__).with_name("README.md")

_TOLD_ELSEWHERE: dict[type[BaseModel], str] = {
    SliSpec: "As of SLI.",
    AlertPolicySpec: "As of AlertPolicy.",
    AlertConditionSpec: "As of AlertCondition.",
    TargetSpec: "As of AlertNotificationTarget.",
    Metadata: "As of all objects.",
}
"""Where a model is used within another object than its own."""


def main() -> None:
    """Write the tables anew."""
    FILE.write_text(fill(FILE.read_text(encoding="utf-8")), encoding="utf-8")


def fill(text: str) -> str:
    """Return the text of the page with all of its tables as they should be.

    Raises:
        ValueError: if a table has no place in it.
    """
    for name, make in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the page has not one place for {name!r}")
        before, _, rest = text.partition(begin)
        text = before + begin + make() + end + rest.partition(end)[2]
    return text


def field_table(model: type[BaseModel]) -> str:
    """Return the fields of a model and what is within them, as a table."""
    return _table(_rows(model, "", is_own=True))


def annotation_table() -> str:
    """Return the annotations that are read, as a table."""
    of: dict[str, type[Annotations]] = {
        "SLO": SloAnnotations,
        "AlertCondition": ConditionAnnotations,
    }
    rows = [
        f"| `{annotation_key(name)}` | {kind} | {_described(field)} |"
        for kind, model in of.items()
        for name, field in model.model_fields.items()
    ]
    return "\n".join(["| annotation | of | what it is |", "|---|---|---|", *rows, ""])


def _table(rows: Iterator[str]) -> str:
    return "\n".join(["| field | must be there | what it is |", "|---|---|---|", *rows, ""])


def _rows(model: type[BaseModel], path: str, *, is_own: bool) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        inner, is_list = _model_in(field.annotation)
        key += "[]" if is_list else ""
        must = "yes" if field.is_required() else ""
        if inner is None or issubclass(inner, Annotations):
            yield f"| `{key}` | {must} | {_described(field)} |"
            continue
        told = next((text for each, text in _TOLD_ELSEWHERE.items() if issubclass(inner, each)), "")
        if told and not (is_own and key == "spec"):
            yield f"| `{key}` | {must} | {field.description or ''} {told} |".replace("  ", " ")
            continue
        yield f"| `{key}` | {must} | {_described(field, inner)} |"
        # A metric is told once, at its last use.
        if inner is not Metric or key.endswith(".raw"):
            yield from _rows(inner, f"{key}.", is_own=False)


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """Return the model that a field holds, and whether it holds many."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    is_list = get_origin(annotation) in (list, tuple)
    for each in get_args(annotation):
        inner, is_inner_list = _model_in(each)
        if inner is not None:
            return inner, is_list or is_inner_list
    return None, False


def _described(field: FieldInfo, inner: type[BaseModel] | None = None) -> str:
    text = field.description or (inner.__doc__ if inner is not None else "") or ""
    values = _values(field.annotation)
    shown = f"{', '.join(f'`{each}`' for each in values)}." if values else ""
    return " ".join(f"{shown} {text}".split())


def _values(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    is_union = get_origin(annotation) in (types.UnionType, Union)
    return tuple(each for part in get_args(annotation) for each in _values(part)) * is_union


def _table_of(model: type[BaseModel]) -> Callable[[], str]:
    return lambda: field_table(model)


TABLES: Mapping[str, Callable[[], str]] = {
    "annotations": annotation_table,
    "metadata": _table_of(Metadata),
    **{kind: _table_of(model) for kind, model in KINDS.items()},
}


if __name__ == "__main__":
    main()
