"""The README tells every check there is."""

from dashboards.lint.readme import FILE, TABLES
from exporters.sections import section


def test_the_table_of_checks_is_the_checks():
    """Written by `python -m dashboards.lint.readme`."""
    text = FILE.read_text()
    assert {name: make() for name, make in TABLES.items()} == {
        name: section(text, name) for name in TABLES
    }
