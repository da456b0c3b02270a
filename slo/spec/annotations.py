"""What OpenSLO has no field for: annotations under ``shardwatch.dev/``, each read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from exporters.documents import shown
from exporters.problems import CheckedValueError
from slo import conventions as names
from slo.burn import Tier
from slo.objective import Traffic
from slo.spec.extras import ADDED_LABELS, Pairs, read_pairs
from slo.spec.spans import Seconds
from slo.windows import choose_tiers

PREFIX = "shardwatch.dev/"

SHOWN_LABELS = 5
"""That are wrong: nobody groups by more."""

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OF_RULES = frozenset({names.SLO, names.SERVICE, names.WINDOW})


def annotation_key(field_name: str) -> str:
    """Return the key of a field: ``shardwatch.dev/grouping-labels``."""
    return PREFIX + field_name.replace("_", "-")


def _read_labels(value: Any) -> tuple[str, ...]:
    labels = tuple(part.strip() for part in _text(value, "region,model").split(","))
    wrong = list(_wrong_labels(labels))
    if wrong:
        message = "; ".join(wrong[:SHOWN_LABELS])
        if not ADDED_LABELS.isdisjoint(labels):
            raise CheckedValueError(message, "label-overwritten")
        raise ValueError(message)
    return labels


def _wrong_labels(labels: Sequence[str]) -> Iterator[str]:
    for index, label in enumerate(labels):
        if not _LABEL.fullmatch(label) or label.startswith("__"):
            yield f"found {shown(label)}, expected names of labels by comma; write region,model"
        elif label in _OF_RULES:
            yield f"found {shown(label)}, which the rules add themselves; choose another label"
        elif label in ADDED_LABELS:
            yield (
                f"found {shown(label)}, which alerts set themselves: they would overwrite it, and "
                "two cells with one set of labels lose the alert of both; choose another"
            )
        elif label in labels[:index]:
            yield f"found {shown(label)} twice, expected each label once; remove one"


def _read_tiers(value: Any) -> tuple[Tier, ...]:
    return choose_tiers(_text(value, "workbook:1h,6h"))


def _read_count(value: Any) -> int:
    text = _text(value, "10")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(f'found {shown(text)}, expected a number of events; write "10"')
    return int(text)


def _read_traffic(value: Any) -> str:
    text = _text(value, "bursty")
    known = get_args(Traffic)
    if text not in known:
        expected = ", ".join(known)
        raise ValueError(f"found {shown(text)}, expected one of {expected}; write one of them")
    return text


def _read_owner(value: Any) -> str:
    text = _text(value, "serving")
    if "{{" in text or "\n" in text:
        raise ValueError(f"found {shown(text)}, expected a name; Prometheus reads {{{{ in it")
    return text


def _text(value: Any, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
            f'found {shown(value)}, expected text; write it in quotes, "{example}"'
        )
    return value


class Annotations(BaseModel):
    """Notes of any key, of which those under our prefix are known."""

    model_config = ConfigDict(
        extra="allow", frozen=True, alias_generator=annotation_key, use_attribute_docstrings=True
    )
    __pydantic_extra__: dict[str, str] = Field(init=False)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        known = sorted(annotation_key(each) for each in cls.model_fields)
        for key in data if isinstance(data, dict) else ():
            if str(key).startswith(PREFIX) and key not in known:
                expected = f"one of {', '.join(known)}" if known else f"none under {PREFIX} here"
                advice = "correct its name" if known else "move it to the object that it is of"
                raise ValueError(
                    f"found the annotation {shown(key)}, expected {expected}; {advice}"
                )
        return data


class SloAnnotations(Annotations):
    """What an SLO says beyond OpenSLO."""

    grouping_labels: Annotated[tuple[str, ...], PlainValidator(_read_labels)] = ()
    """Labels by comma, `region,model`: each set of their values has a budget of its own. Without
    it, one budget for all."""
    owner: Annotated[str, PlainValidator(_read_owner)] = ""
    """Who answers for the objective: the label `owner` of its alerts, by which they are routed."""
    tiers: Annotated[tuple[Tier, ...] | None, PlainValidator(_read_tiers)] = None
    """Which burn alerts: `workbook` (the default), some of them by their long windows,
    `workbook:1h,6h`, or `none`. Not beside `alertPolicies`."""
    minimum_bad_events: Annotated[int, PlainValidator(_read_count)] = 0
    """No burn alert fires below as many bad events in its long window, for cells with little
    traffic."""
    idle_slices: Literal["good", "ignored"] | None = None
    """With time slices: whether a slice without events, whose source could be seen, counts as good
    or not at all (`ignored`, the default)."""
    minimum_slice_events: Annotated[int, PlainValidator(_read_count)] = 0
    """With time slices: a slice with fewer events is one without any, for cells with little
    traffic."""
    zero_tolerance: Literal["true", "false"] = "false"
    """`"true"` allows a target of 100 %: no budget, no burn rate, and one bad event breaks it."""
    causes: Literal["true", "false"] | None = None
    """Whether alerts name the causes that shardwatch watches for: lost GPUs, dead groups, tools
    that are out. By default those over series of shardwatch's exporters, of vLLM or of DCGM do, and
    those over anybody else's do not."""
    traffic: Annotated[Traffic, BeforeValidator(_read_traffic)] = "steady"
    """Whether users are missed when a cell's events stop: `steady` (the default) pages with
    TrafficVanished; `bursty`, of batches that end, only while requests are in flight and none ends,
    which routers tell; `none` never."""
    page_labels: Annotated[Pairs, PlainValidator(read_pairs)] = ()
    """Labels that the objective's alerts of severity page carry as well, by which they are routed,
    as JSON: `{"team": "serving"}`. None that the objective is grouped by, and none that alerts set
    themselves."""
    page_annotations: Annotated[Pairs, PlainValidator(read_pairs)] = ()
    """Annotations that burn alerts of severity page carry as well, as JSON; `summary` and the like
    stand in place of ours."""
    ticket_labels: Annotated[Pairs, PlainValidator(read_pairs)] = ()
    """As `page-labels`, of severity ticket."""
    ticket_annotations: Annotated[Pairs, PlainValidator(read_pairs)] = ()
    """As `page-annotations`, of severity ticket."""


class ConditionAnnotations(Annotations):
    """What an alert condition says beyond OpenSLO."""

    short_window: Seconds | None = None
    """The window that must burn as well, so that an alert ends soon after its reason; by default a
    twelfth of `lookbackWindow`, a minute at least."""
