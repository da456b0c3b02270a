"""``alerts/README.md`` says what there is."""

import re

import pytest

from alerts.readme import FILE, TABLES, meaning
from alerts.runbooks import runbook_names
from exporters.sections import section

README = FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_rules_make_of_it(name: str):
    """If not: python -m alerts.readme."""
    assert TABLES[name]() == section(README, name)


def test_every_alert_has_one_row_that_leads_to_its_runbook():
    """An alert without a runbook is none, and a runbook without a row was forgotten."""
    rows = [
        row
        for name in TABLES
        for row in re.findall(r"^\| \[`(\w+)`\]\(runbooks/\1\.md\)", section(README, name), re.M)
    ]

    assert runbook_names() == sorted(rows)


def test_what_an_alert_means_is_the_first_sentence_of_its_runbook():
    """In one line, whatever the page's line breaks are."""
    assert "A shard group cannot serve, for more than two minutes." == meaning("ShardGroupDead")
    with pytest.raises(ValueError, match="does not say in a sentence what it means"):
        meaning("NoSuchAlert")
