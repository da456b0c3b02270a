"""What is imported reads back to the same objectives."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.documents import parse_documents
from slo.objective import Objective
from slo.sloth.openslo_text import write_openslo
from slo.sloth.resolve import Imported, resolve_sloth
from slo.spec.pool import Source
from slo.spec.resolve import resolve_objectives
from tests.slo.sloth.conftest import KUBERNETES, PLAIN


def read_sloth(text: str, period_seconds: int = 30 * 86400) -> tuple[Imported, ...]:
    """Return what a file ``sloth.yaml`` holds."""
    sources = (Source(each, "sloth.yaml") for each in parse_documents(text, "sloth.yaml"))
    return resolve_sloth(sources, period_seconds=period_seconds)


def read_back(imported: Sequence[Imported]) -> list[Objective]:
    """Return the objectives in the OpenSLO documents of what was imported."""
    return list(
        resolve_objectives(
            Source(document, name)
            for name, text in write_openslo(imported).items()
            for document in parse_documents(text, name)
        )
    )


def without_place(objective: Objective) -> Objective:
    """Return an objective as if it stood nowhere."""
    return replace(objective, file="", line=0)


@pytest.mark.parametrize("spec", [PLAIN, KUBERNETES], ids=["plain", "kubernetes"])
@pytest.mark.parametrize("days", [1, 28, 90])
def test_what_is_imported_reads_back_to_the_same(spec, days):
    """Targets, periods, indicators, grouping, tiers, labels and annotations."""
    imported = read_sloth(spec, days * 86400)

    expected = [without_place(each.objective) for each in imported]
    assert expected == [without_place(each) for each in read_back(imported)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda text: "{{" not in text  # a template of Prometheus, and most are broken
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@given(st.dictionaries(names, texts, max_size=4), texts, st.decimals(1, 99, places=6))
@example({"a": "\x1f\x85"}, "a\x85b", Decimal(99))
@example({"a": "a\u2028b"}, "a\u2029 b", Decimal(99))
def test_any_text_survives(labels, description, percent):
    """Quotes, line breaks, whatever Unicode has, in labels, annotations and descriptions."""
    spec = yaml.safe_load(KUBERNETES)
    [slo] = spec["spec"]["slos"]
    slo["description"] = description
    slo["objective"] = float(percent)
    slo["alerting"]["labels"] = labels
    slo["alerting"]["annotations"] = dict(labels)

    imported = read_sloth(yaml.safe_dump(spec))

    expected = [without_place(each.objective) for each in imported]
    assert expected == [without_place(each) for each in read_back(imported)]


def test_a_text_for_each_service(plain, kubernetes):
    """With its objectives, however many files they are from."""
    both = [*read_sloth(plain), *read_sloth(kubernetes)]

    texts = write_openslo(both)

    assert ["shop", "shop-web"] == list(texts)
    assert ["Service", "SLO", "SLO", "SLO"] == [
        each["kind"] for each in yaml.safe_load_all(texts["shop-web"])
    ]


def test_what_is_lost_stands_above_its_slo(plain):
    """As comments, with the line of Sloth's file."""
    text = write_openslo(read_sloth(plain))["shop-web"]

    _, probes, requests, _ = text.split("---\n")
    assert probes.startswith("# sloth.yaml:23: every-moment-equal: shop-web-probes: found a ratio")
    assert requests.startswith(
        "# sloth.yaml:16: slos[0].alerting.name: found the name 'ShopErrors', which is lost: burn "
        "alerts of\n# all objectives have one name, and are told apart by the label slo; route and "
        "silence by slo, or\n# import with --rename-label alertname=NAME\n"
    )


def test_a_query_stands_in_one_line(plain):
    """As a person would write it."""
    text = write_openslo(read_sloth(plain))["shop-web"]

    query = 'sum by (region) (rate(requests_total{code=~"5.."}[$window]))'
    assert f"              query: {query}\n" in text
    assert "  - target: 0.999\n" in text


def test_a_description_that_openslo_would_refuse_is_cut(kubernetes):
    """And said to be."""
    long = kubernetes.replace("objective: 99.9", f"objective: 99.9\n    description: {'x' * 2000}")
    imported = read_sloth(long)

    [objective] = read_back(imported)

    assert "x" * 1050 == objective.description
    assert "# description: cut after 1050 characters\n" in write_openslo(imported)["shop"]


def test_labels_that_openslo_does_not_know_stay_with_the_alerts(kubernetes):
    """Sloth's may begin with an underscore."""
    imported = read_sloth(kubernetes.replace("service: shop", "service: shop\n  labels: {_x: y}"))

    text = write_openslo(imported)["shop"]

    assert "labels" not in yaml.safe_load(text.split("---\n")[1])["metadata"]
    assert [("_x", "y"), ("team", "shop")] == list(read_back(imported)[0].alert_extras[0].labels)
