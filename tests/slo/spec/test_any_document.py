"""Whatever stands in a document, it is read or told; nothing else happens."""

import copy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.documents import parse_documents
from exporters.problems import InputError
from slo.spec.resolve import Source, resolve_objectives

from .openslo_texts import SERVICE, an_slo, threshold

POLICY = (
    "  alertPolicies:\n  - kind: AlertPolicy\n    metadata: {name: p}\n    spec:\n"
    "      conditions:\n      - metadata:\n          name: c\n"
    "          annotations: {shardwatch.dev/short-window: 5m}\n"
    "        spec: {severity: page, condition: {op: gt, threshold: 2, lookbackWindow: 1h}}\n"
    "      notificationTargets: [{metadata: {name: x}, spec: {target: mail}}]\n"
)
TEXTS = [
    SERVICE,
    an_slo(more=POLICY, annotations='shardwatch.dev/minimum-bad-events: "10"'),
    an_slo(
        "{target: 0.99, op: lt, value: 3, timeSliceTarget: 0.9, timeSliceWindow: 5m}",
        metric=threshold("depth"), method="Timeslices", name="depth",
        window="{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}",
    ),
    "apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: d}\nspec: {type: Prometheus}\n",
]  # fmt: skip

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("x" * 2000),
    st.sampled_from(["28d", "0.999", "Prometheus", "errors", "p", "{{.window}}", "sum(", "1M"]),
    st.recursive(
        st.integers(0, 3),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "spec", "query", "indicatorRef"]), inner),
        max_leaves=5,
    ),
)  # fmt: skip


def places(data: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of everything within data."""
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return [place, *(found for key, each in inner for found in places(each, (*place, key)))]


def put(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return data with a value at a place."""
    if not place:
        return value
    changed = copy.copy(data)
    changed[place[0]] = put(data[place[0]], place[1:], value)
    return changed


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_change_of_a_document_is_read_or_told(data):
    """Each problem at a line of the file, with a message; a number may be anywhere, or a list."""
    documents = [yaml.safe_load(text) for text in TEXTS]
    index = data.draw(st.integers(0, len(documents) - 1))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(documents[index])))
        documents[index] = put(documents[index], place, data.draw(values))
    text = yaml.safe_dump_all(documents, allow_unicode=True)

    try:
        sources = [Source(each, "a.yaml") for each in parse_documents(text, "a.yaml")]
        objectives = resolve_objectives(sources)
    except InputError as error:
        for each in error.problems:
            assert each.message
            assert 0 <= each.line <= text.count("\n") + 1
    else:
        assert all(each.indicator for each in objectives)
