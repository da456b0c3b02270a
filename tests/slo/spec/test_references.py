"""References lead to what there is, and in no circle."""

from exporters.documents import parse_documents
from slo.spec.pool import Source, read_pool
from slo.spec.references import wrong_references


def an_sli(name: str, *references: str) -> str:
    """Return an SLI that refers to others, which no field of OpenSLO's can."""
    listed = "".join(f"  - {{indicatorRef: {each}}}\n" for each in references)
    return (
        f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: {name}}}\nspec:\n  others:\n{listed}"
    )


def wrong(*texts: str) -> list[str]:
    """Return what is wrong with the references of a file."""
    documents = parse_documents("---\n".join(texts), "a.yaml")
    return [
        str(each) for each in wrong_references(read_pool(Source(each, "") for each in documents))
    ]


def cycle(line: int, way: str, index: int = 0) -> str:
    """Return the problem of a reference that closes a circle."""
    return (
        f"a.yaml:{line}:6: spec.others[{index}].indicatorRef: found a cycle of references: {way}, "
        "expected an end; remove one of them"
    )


def test_references_to_one_object_from_many_are_no_cycle():
    """Nor are two ways to it."""
    assert [] == wrong(an_sli("a", "b", "c"), an_sli("b", "d"), an_sli("c", "d"), an_sli("d"))


def test_a_cycle_is_told_where_it_closes():
    """With the way around, and without what leads to it."""
    expected = [cycle(20, "SLI b -> SLI c -> SLI b")]

    assert expected == wrong(an_sli("a", "b"), an_sli("b", "c"), an_sli("c", "b"))


def test_an_object_that_refers_to_itself_is_a_cycle():
    """The shortest."""
    assert [cycle(6, "SLI a -> SLI a")] == wrong(an_sli("a", "a"))


def test_a_long_chain_is_followed_and_its_cycle_cut_to_its_end():
    """Ten thousand objects need no deep stack, and no long message."""
    chain = [an_sli(f"s{each}", f"s{(each + 1) % 10_000}") for each in range(10_000)]

    (found,) = wrong(*chain)

    assert "SLI s9998 -> SLI s9999 -> SLI s0, expected an end" in found
    assert len(found) < 300


def test_what_looks_like_a_reference_where_anything_may_stand_is_none():
    """In a metric source's own fields, in details, in labels."""
    text = (
        "apiVersion: openslo/v1\nkind: SLI\n"
        "metadata: {name: a, labels: {targetRef: x}}\n"
        "spec: {ratioMetric: {rawType: success, raw: {metricSource: {type: T, "
        "spec: {targetRef: x}}}}}\n"
    )

    assert [] == wrong(text)


def test_many_names_are_cut_to_the_nearest():
    """A message that lists them all would be no help."""
    many = [an_sli(f"latency-{each}") for each in range(100, 200)]

    (found,) = wrong(*many, an_sli("a", "latency-1500"))

    assert "no SLI 'latency-1500'; there is: latency-150, " in found
    assert " and 98 more; correct the name" in found
