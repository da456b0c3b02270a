"""The README's table is that of the checks."""

from alerts.lint.readme import FILE, TABLES
from exporters.sections import section


def test_the_readme_has_the_checks_that_there_are():
    """Written by `python -m alerts.lint.readme`."""
    text = FILE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        assert make() == section(text, name)
