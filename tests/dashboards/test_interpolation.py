"""Variables in texts: what stands for them depends on where they stand."""

import pytest

from dashboards.interpolation import ADDRESS, WORDS, Standing, interpolate

ONE = {"region": Standing(("eu",), is_pattern=True)}
TWO = {"region": Standing(("eu", "us.gov"), is_pattern=True)}
ALL_RAW = {"region": Standing((".*",), is_raw=True, is_all=True)}


@pytest.mark.parametrize(
    ("text", "standing", "expected"),
    [
        ('up{region=~"$region"}', ONE, 'up{region=~"eu"}'),
        ('up{region=~"$region|"}', TWO, 'up{region=~"(eu|us\\\\.gov)|"}'),
        ('up{region=~"${region}"}', ALL_RAW, 'up{region=~".*"}'),
        ('up{region=~"[[region]]"}', ONE, 'up{region=~"eu"}'),
        ('up{region=~"${region:regex}"}', TWO, 'up{region=~"(eu|us\\.gov)"}'),
        ("${region:pipe}", TWO, "eu|us.gov"),
        ("${region:csv} ${region:raw}", TWO, "eu,us.gov eu,us.gov"),
        ("${region:json}", TWO, '["eu", "us.gov"]'),
        ("${region:singlequote}", TWO, "'eu','us.gov'"),
        ("${region:glob}", TWO, "{eu,us.gov}"),
        ("${region:queryparam}", TWO, "var-region=eu&var-region=us.gov"),
        ("${region:queryparam}", ALL_RAW, "var-region=$__all"),
        ("rate(x[$__rate_interval])", {"__rate_interval": Standing.raw("1m")}, "rate(x[1m])"),
        ("$regional $unknown ${a.b}", ONE, "$regional $unknown ${a.b}"),
        ("cost in $", ONE, "cost in $"),
        ("${__from:date:iso}", {"__from": Standing.raw("1500")}, "1970-01-01T00:00:01.500Z"),
        ("${__from:date:seconds}", {"__from": Standing.raw("1500")}, "1"),
    ],
)
def test_a_variable_in_a_query_is_what_grafana_puts_there(
    text: str, standing: dict[str, Standing], expected: str
):
    """Regular expressions are escaped for themselves and for the string that they stand in."""
    assert expected == interpolate(text, standing)


def test_a_value_that_is_no_pattern_cannot_leave_the_string_that_it_stands_in():
    """A quotation mark in a value would end the matcher."""
    assert 'up{a="x\\"y\\\\"}' == interpolate('up{a="$a"}', {"a": Standing(('x"y\\',))})


def test_a_pattern_with_every_special_character_matches_itself_alone():
    """As a regular expression within a string: each is escaped twice."""
    assert "a\\\\.b\\\\*\\\\(c\\\\|d" == interpolate(
        "$a", {"a": Standing(("a.b*(c|d",), is_pattern=True)}
    )


def test_before_people_all_is_a_word():
    """A title says "All", not ".*"."""
    assert "Requests in All" == interpolate("Requests in $region", ALL_RAW, where=WORDS)
    assert "Requests in eu + us.gov" == interpolate("Requests in $region", TWO, where=WORDS)


def test_an_address_gets_nothing_that_ends_a_parameter():
    """``&`` in a value would begin another parameter."""
    standing = {"__field.labels.a": Standing(("x&y=z",))}
    assert "/d/b?var-a=x%26y%3Dz" == interpolate(
        "/d/b?var-a=${__field.labels.a}", standing, where=ADDRESS
    )


def test_fields_of_a_row_may_be_named_in_brackets():
    """Grafana writes names with blanks so."""
    standing = {"__data.fields.shard group": Standing(("g 0",))}
    assert "g%200" == interpolate('${__data.fields["shard group"]}', standing, where=ADDRESS)


def test_a_variable_that_nothing_stands_for_is_refused_by_name_where_it_must_not_stay():
    """A query with a hole in it would be sent and give nothing."""
    with pytest.raises(KeyError, match="region"):
        interpolate("$region", {}, strict=True)


def test_what_label_replace_found_is_no_variable():
    """``$1`` is PromQL's; ``$1st`` may be somebody's variable."""
    expr = 'label_replace(x, "name", "$1", "group", "(.*)$region")'
    standing = {"region": Standing.raw("eu"), "1st": Standing.raw("x")}
    assert 'label_replace(x, "name", "$1", "group", "(.*)eu")' == interpolate(
        expr, standing, strict=True
    )
    assert "x" == interpolate("$1st", standing)
