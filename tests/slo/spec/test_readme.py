"""The page about OpenSLO says what the models say, and its example is read.

``python -m slo.spec.readme`` writes its tables anew.
"""

import pytest
import yaml

from slo.spec.openslo import KINDS
from slo.spec.readme import FILE, TABLES, fill

from .openslo_texts import resolve

TEXT = FILE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_models():
    """Every kind, field and annotation."""
    assert TEXT == fill(TEXT)


@pytest.mark.parametrize("name", TABLES)
def test_every_field_says_what_it_is(name):
    """No row is without words."""
    rows = TABLES[name]().splitlines()[2:]

    assert rows
    assert [] == [row for row in rows if not row.split("|")[3].strip()]


def test_every_kind_has_its_table():
    """And a place on the page."""
    assert set(KINDS) < set(TABLES)
    with pytest.raises(ValueError, match="not one place for 'annotations'"):
        fill(TEXT.replace("<!-- annotations -->", ""))


def test_the_example_is_an_objective():
    """As it stands on the page."""
    example = TEXT.partition("```yaml\n")[2].partition("```")[0]

    assert ["chat-availability"] == [each.name for each in resolve(example)]
    assert len(list(yaml.safe_load_all(example))) == 2
