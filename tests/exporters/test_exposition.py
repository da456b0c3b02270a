"""The reader of the text format."""

import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters import exposition
from exporters.exposition import PageError, PageReader, require_counts

CAPTURES = sorted(Path(__file__).parents[1].glob("fixtures/vllm/*.metrics.txt"))


def read(page: str | bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read with a new reader, and make series comparable."""
    samples = PageReader().read(page.encode() if isinstance(page, str) else page)
    return {(s.name, tuple(sorted(s.labels.items()))): value for s, value in samples.items()}


def read_with_prometheus_client(page: str):
    """The same with the reference implementation."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_a_real_page_of_vllm_reads_as_prometheus_client_reads_it(capture):
    """The same series with the same values."""
    page = capture.read_text()
    assert len(read(page)) > 400
    assert read(page) == read_with_prometheus_client(page)


def test_a_page_read_again_has_the_new_values_under_the_same_series():
    """Series can be keys from one page to the next."""
    reader = PageReader()
    (first,) = reader.read(b'up{a="b"} 1\n')
    again = reader.read(b'# TYPE up gauge\nup{a="b"} 2.5\n')
    assert again == {first: 2.5}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", {}),
        ("# HELP a b\n# TYPE a gauge\n# TYPE a gauge\n\n", {}),
        ("a 1\n", {("a", ()): 1.0}),
        ("a{} 1\n", {("a", ()): 1.0}),
        ("  a\t{ b = \"c\" , }\t 1 1700000000000 \r\n", {("a", (("b", "c"),)): 1.0}),
        ('a{b="c"}1\n', {("a", (("b", "c"),)): 1.0}),
        ('a{b="} 2"} 1\n', {("a", (("b", "} 2"),)): 1.0}),
        ('a{b="x\\"y\\\\z\\nw"} 1\n', {("a", (("b", 'x"y\\z\nw'),)): 1.0}),
        ('a{b="ü"} 1e3\n', {("a", (("b", "ü"),)): 1000.0}),
        ("a:b_total +Inf\n", {("a:b_total", ()): math.inf}),
        ('a{Hostname="h"} 1\na{hostname="h"} 2\n',
         {("a", (("Hostname", "h"),)): 1.0, ("a", (("hostname", "h"),)): 2.0}),
    ],
)  # fmt: skip
def test_what_the_format_allows_is_read(page, expected):
    """Also where it is not how anybody writes it."""
    assert read(page) == expected


def test_not_a_number_is_a_value():
    """The format has it; who reads counters refuses it."""
    assert math.isnan(read("a NaN\n")["a", ()])


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b"a 1\nb 2", "line 2: found no line feed at the end: the page was cut"),
        (b"a 1\nb\n", "line 2: found 'b', expected NAME{LABELS} VALUE"),
        (b"a 1\nb one\n", "line 2: found 'b one', expected a number at its end"),
        (b"a 1 2 3\n", "line 1: found 'a 1 2 3', expected NAME{LABELS} VALUE"),
        (b"1a 1\n", "line 1: found '1a 1', expected NAME{LABELS} VALUE"),
        (b'a{b="c} 1\n', "line 1: found 'b=\"c', expected LABEL=\"VALUE\""),
        (b"a{b=c} 1\n", "line 1: found 'b=c', expected LABEL=\"VALUE\""),
        (b'a{b="c" d="e"} 1\n', "line 1: found 'b=\"c\" d=\"e\"', expected LABEL=\"VALUE\""),
        (b'a{b="c",b="d"} 1\n', "line 1: found the label 'b' a second time"),
        (b"a 1\na 2\n", "line 2: found 'a 2' a second time"),
        (b'a{b="\xff"} 1\n', "line 1: found 'a{b=\"\ufffd\"} 1', which is not UTF-8"),
        (b"<html>\n", "line 1: found '<html>', expected NAME{LABELS} VALUE"),
        (b"a{" + b"b" * 300 + b'="c"} 1\n',
         f"line 1: found a label {'b' * 60!r} that is too long"),
        (b'a{b="' + b"c" * 2000 + b'"} 1\n', "line 1: found a label 'b' that is too long"),
        (b"a" * 300 + b" 1\n",
         f"line 1: found a name of 300 characters: {'a' * 57 + '...'!r}"),
        (b"a{" + b",".join(b'l%d="x"' % i for i in range(65)) + b"} 1\n",
         "line 1: found 65 labels, expected at most 64"),
    ],
)  # fmt: skip
def test_what_breaks_the_format_is_an_error_that_names_the_line(page, message):
    """Exactly what was found, and what was expected."""
    with pytest.raises(PageError) as caught:
        PageReader().read(page)
    assert str(caught.value) == message


def test_a_series_twice_is_found_on_a_page_whose_series_are_known():
    """The quick way through a page finds it as well."""
    reader = PageReader()
    reader.read(b"a 1\nb 2\n")
    with pytest.raises(PageError) as caught:
        reader.read(b"a 1\nb 2\na 3\n")
    assert str(caught.value) == "line 3: found 'a 3' a second time"


def test_a_page_too_large_is_refused(monkeypatch):
    """Before anything of it is looked at."""
    monkeypatch.setattr(exposition, "LARGEST_PAGE_BYTES", 7)
    with pytest.raises(PageError, match="found 8 bytes, expected at most 7"):
        PageReader().read(b"a 1\nb 2\n")


def test_a_page_of_too_many_lines_is_refused(monkeypatch):
    """Short lines cost more than their bytes."""
    monkeypatch.setattr(exposition, "MOST_LINES", 1)
    with pytest.raises(PageError, match="found more than 1 lines"):
        PageReader().read(b"a 1\nb 2\n")


def test_series_that_nobody_wants_are_left_out_at_the_first_page_and_later():
    """With labels and without."""
    reader = PageReader({"a", "c"}.__contains__)
    page = b'a{x="1"} 1\nb{x="1"} 2\nb 3\nc 4\n'
    for _ in range(2):
        assert [(s.name, v) for s, v in reader.read(page).items()] == [("a", 1.0), ("c", 4.0)]


def test_a_page_whose_labels_always_change_does_not_fill_the_memory():
    """What is remembered is bounded by what a page has."""
    reader = PageReader()
    for number in range(5000):
        reader.read(b'a{x="%d"} 1\n' % number)
    assert len(reader._known) < 2000
    assert len(reader._labels) < 2000


def test_of_a_page_with_too_many_series_none_is_remembered(monkeypatch):
    """It is read all the same, now and again."""
    monkeypatch.setattr(exposition, "MOST_REMEMBERED", 2)
    reader = PageReader()
    for _ in range(3):
        assert list(reader.read(b"a 1\nb 2\nc 3\n").values()) == [1.0, 2.0, 3.0]
    assert (reader._known, reader._frame) == ({}, None)


@pytest.mark.parametrize("value", ["-1", "NaN", "+Inf"])
def test_what_no_count_can_be_is_an_error(value):
    """A counter that is negative, infinite or no number is no counter."""
    samples = PageReader().read(f"a {value}\n".encode())
    with pytest.raises(PageError, match=r"for a\{\}, expected a number from 0 on"):
        require_counts(samples)


@pytest.mark.parametrize("labels", ["", '{le=""}', '{le="wide"}'])
def test_a_bucket_without_a_bound_is_an_error(labels):
    """Found when the page is read, before anybody adds it up."""
    samples = PageReader().read(f"a_bucket{labels} 1\n".encode())
    with pytest.raises(PageError, match="found no bound le=NUMBER in a_bucket"):
        require_counts(samples)


TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r"), max_size=20)
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,20}", fullmatch=True)


@given(
    st.dictionaries(
        st.tuples(NAMES, st.dictionaries(NAMES, TEXT, max_size=4).map(lambda d: tuple(d.items()))),
        st.floats(allow_nan=False),
        max_size=6,
    )
)
def test_whatever_is_written_by_the_rules_is_read_back(samples):
    """Any names, any label values, any numbers."""
    escape = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
    lines, expected = [], {}
    for (name, labels), value in samples.items():
        if (name, tuple(sorted(labels))) in expected:
            continue
        pairs = ",".join(f'{label}="{text.translate(escape)}"' for label, text in labels)
        lines.append(f"{name}{{{pairs}}} {value!r}\n")
        expected[name, tuple(sorted(labels))] = value
    assert read("".join(lines)) == expected


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(page):
    """And nothing else happens."""
    try:
        samples = PageReader().read(page)
    except PageError:
        return
    assert all(isinstance(value, float) for value in samples.values())


def outcome(reader: PageReader, page: bytes):
    """What a reader makes of a page: its samples in order, or the error."""
    try:
        samples = reader.read(page)
    except PageError as error:
        return str(error)
    return [(s.name, dict(s.labels), repr(value)) for s, value in samples.items()]


BASE = (
    b"# HELP a Help, with words 1\n# TYPE a counter\n"
    b'a{x="1",y="two words"} 1\na{x="2",y="}"} 2.5\n'
    b"# TYPE b gauge\nb 3\n"
    b'b{x="\\"\\\\"} 1e3\nc{z="\xc3\xbc"} NaN\n'
)


def settled_reader() -> PageReader:
    """A reader that has seen a page often enough to know its frame."""
    reader = PageReader()
    for _ in range(3):
        reader.read(BASE)
    assert reader._frame
    return reader


@given(st.binary(max_size=60))
def test_any_line_after_a_known_page_is_read_or_refused_alike(line):
    """The quick ways and the careful way agree."""
    page = BASE + line + b"\n"
    expected = outcome(PageReader(), page)
    assert outcome(settled_reader(), page) == expected


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(BASE)),
            st.integers(0, 3),
            st.sampled_from(
                [b"", b" ", b"\n", b"#", b"{", b"}", b'"', b",", b"1", b"_", b"\xc2\xb2"]
            ),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_page_that_changed_anywhere_is_read_or_refused_alike(changes):
    """A byte more or less: no way of reading takes it for what it was before."""
    page = bytearray(BASE)
    for place, removed, put in changes:
        page[place : place + removed] = put
    expected = outcome(PageReader(), bytes(page))
    assert outcome(settled_reader(), bytes(page)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'a{x="2"', b'd{x="2"'),
        (b"# TYPE b gauge", b"d 4"),
        (b"b 3", b"# 3"),
        (b"b 3", b""),
        (b" 2.5\n", b" 2.5 1700000000000\n"),
        (b'a{x="1",y="two words"} 1\n', b'a{x="1",y="two\n'),
    ],
)
def test_a_page_of_another_frame_is_read_anew(old, new):
    """With as many lines or not."""
    page = BASE.replace(old, new)
    assert outcome(settled_reader(), page) == outcome(PageReader(), page)


@pytest.mark.parametrize("value", ["1_000", "\r1", "\f1", "\u0661", "0x10", "one", "1e", "", "--1"])
def test_what_is_no_number_for_prometheus_is_none_for_any_way_of_reading(value):
    """Python alone would take some of them."""
    page = BASE.replace(b"b 3", f"b {value}".encode())
    for reader in (PageReader(), settled_reader()):
        with pytest.raises(PageError, match="line 6: found 'b"):
            reader.read(page)


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * 100_000 + "{",
        "a{" + "}" * 100_000 + " x y",
        'a{b="' + "\\\\" * 50_000 + "x",
        "a{" + 'b="c",' * 20_000 + "} 1 2 3",
        " " * 130_000 + "a",
        "a{" + '"' * 100_000 + "} 1",
        "x" * 1_000_000,
    ],
    ids=lambda line: line[:12],
)
def test_no_line_takes_long_to_refuse(line):
    """Time grows with its length, not with the square: 0.1 s of CPU would be an hour at 16 MB."""
    start = time.process_time()
    with pytest.raises(PageError):
        PageReader().read(line.encode() + b"\n")
    assert time.process_time() - start < 1.0


def test_a_source_whose_pages_are_refused_does_not_fill_the_memory():
    """Also if each has other labels before what is wrong with it."""
    reader = PageReader()
    for number in range(300):
        lines = [b'a{x="%d"} 1\n' % (100 * number + each) for each in range(100)]
        with pytest.raises(PageError):
            reader.read(b"".join(lines) + b"?\n")
    assert len(reader._known) < 2000
    assert len(reader._labels) < 2000


def test_series_in_another_order_each_time_are_read_all_the_same():
    """Some exporters write them so; a frame is then made ever more rarely."""
    lines = [b'a{x="%d"} %d\n' % (number, number) for number in range(8)]
    reader = PageReader()
    for number in range(40):
        turned = lines[number % 8 :] + lines[: number % 8]
        samples = reader.read(b"".join(turned))
        assert {float(s.labels["x"]): value for s, value in samples.items()} == {
            float(each): float(each) for each in range(8)
        }
    assert reader._next_pause > 1


def test_pages_with_what_nobody_wants_are_read_by_their_frame_too():
    """Whatever its value is."""
    reader = PageReader({"a"}.__contains__)
    page = b'a{x="1"} 1\nb{x="1"} 2\nb 3\n'
    for _ in range(2):
        reader.read(page)
    assert reader._frame
    assert list(reader.read(page.replace(b" 1", b" 7")).values()) == [7.0]
