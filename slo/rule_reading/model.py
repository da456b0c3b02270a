"""What a rule file may say: Prometheus's fields, and those of Thanos, Mimir and vmalert."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Constraints

from exporters.durations import parse_duration

_NOTHING = re.compile(r"0|(?=.)(?:0+y)?(?:0+w)?(?:0+d)?(?:0+h)?(?:0+m)?(?:0+s)?(?:0+ms)?")


def _seconds(value: Any) -> Any:
    """Read a duration; Prometheus takes 0 for one, with a unit or without."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError(f"found {value!r}, expected a duration such as 5m")  # noqa: TRY004 - pydantic takes no TypeError
    return 0.0 if _NOTHING.fullmatch(text) else parse_duration(text)


def _text(value: Any) -> Any:
    """Read a text: Prometheus takes any scalar for one, as it is written."""
    if isinstance(value, bool):
        return str(value).lower()
    return getattr(value, "text", str(value)) if isinstance(value, int | float) else value


def _is_no_name(labels: dict[str, str]) -> dict[str, str]:
    if "__name__" in labels:
        raise ValueError("found the label __name__, which rules cannot set; remove it")
    return labels


Seconds = Annotated[float, BeforeValidator(_seconds)]
Text = Annotated[str, BeforeValidator(_text)]
LabelName = Annotated[str, Constraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
MetricName = Annotated[str, Constraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
Labels = Annotated[dict[LabelName, Text], AfterValidator(_is_no_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleFields(_Strict):
    """One rule."""

    alert: Text | None = None
    record: MetricName | None = None
    expr: Text
    for_: Seconds = Field(0.0, alias="for")
    keep_firing_for: Seconds = 0.0
    labels: Labels | None = None
    annotations: dict[LabelName, Text] | None = None
    debug: Any = None  # vmalert
    update_entries_limit: Any = None  # vmalert


class GroupFields(_Strict):
    """One group of rules, which are read one by one: one that is wrong hides no other."""

    name: Annotated[Text, Field(min_length=1)]
    interval: Seconds | None = None
    labels: Labels | None = None
    rules: list[Any] | None = None
    limit: Any = None
    query_offset: Seconds | None = None
    partial_response_strategy: Any = None  # Thanos
    source_tenants: Any = None  # Mimir
    evaluation_delay: Seconds | None = None  # Mimir
    align_evaluation_time_on_interval: Any = None  # Mimir
    concurrency: Any = None  # vmalert
    debug: Any = None  # vmalert
    eval_offset: Seconds | None = None  # vmalert
    eval_delay: Seconds | None = None  # vmalert
    eval_alignment: Any = None  # vmalert
    params: Any = None  # vmalert
    headers: Any = None  # vmalert
    notifier_headers: Any = None  # vmalert
    tenant: Any = None  # vmalert
    type: Text | None = None  # vmalert


class FileFields(_Strict):
    """A file; its groups are read one by one."""

    groups: list[Any]
    namespace: Any = None  # mimirtool


class ManifestFields(BaseModel):
    """A manifest of the Operator; the rest of it is Kubernetes's."""

    spec: FileFields
