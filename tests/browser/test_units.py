"""Numbers as people read them: the units are the browser's, so they are tried in one."""

import pytest

from tests.browser.seeing import board_of

CASES = [
    (0.1234, "percentunit", None, "12.34%"),
    (0.99, "percentunit", 3, "99.000%"),
    (12.5, "percent", 0, "13%"),
    (0.0042, "s", None, "4.2 ms"),
    (90, "s", None, "1.5 mins"),
    (60, "s", None, "1 min"),
    (7200, "s", 0, "2 hours"),
    (1500, "ms", None, "1.5 s"),
    (172800, "s", None, "2 days"),
    (1536, "bytes", None, "1.5 KiB"),
    (1500, "decbytes", None, "1.5 kB"),
    (2_000_000, "short", None, "2 Mil"),
    (34.9123, "short", 2, "34.91"),
    (0.000123456, "short", None, "0.000123"),
    (1234.5, "reqps", None, "1.23 K req/s"),
    (71.4, "celsius", None, "71.4 °C"),
    (690, "watt", None, "690 W"),
    (1500, "watt", None, "1.5 kW"),
    (1_980_000_000, "hertz", None, "1.98 GHz"),
    (3, "none", None, "3"),
    (3, "no such unit", None, "3 no such unit"),
    (3.14159, "suffix:tokens/GPU-h", 1, "3.1 tokens/GPU-h"),
    (5, "currencyUSD", None, "$5"),
    (-0.5, "percentunit", 0, "-50%"),
    (0, "s", None, "0 s"),
]


@pytest.fixture
def told(serve, page):
    """What the script makes of numbers."""
    page.goto(serve(board_of()))
    return page.evaluate(
        """async (cases) => {
          const { format } = await import('/static/web/units.js');
          return cases.map(([value, unit, decimals]) => format(value, unit, decimals));
        }""",
        [case[:3] for case in CASES],
    )


def test_every_unit_is_written_as_people_write_it(told):
    """With as many digits as it takes, or as many as the panel asks for."""
    assert [case[3] for case in CASES] == told


def test_what_is_no_number_is_a_dash_or_infinite(serve, page):
    """JSON's null is nothing, and 0 is a number."""
    page.goto(serve(board_of()))
    script = """async () => { const { format } = await import('/static/web/units.js');
      return [format(null), format(undefined), format(NaN), format(Infinity), format(0)]; }"""
    dash = "\N{EN DASH}"
    assert [dash, dash, dash, "∞", "0"] == page.evaluate(script)
