"""``exporters/groups/README.md`` says what there is."""

import re
from pathlib import Path

import pytest

from exporters import catalog
from exporters.groups.state import GroupStatus

README = (Path(__file__).parents[3] / "exporters/groups/README.md").read_text(encoding="utf-8")
FIXTURES = Path(__file__).parents[2] / "fixtures/vllm"
ROWS = {
    cells[0].strip("` "): cells[1:]
    for line in README.splitlines()
    if len(cells := line.strip("|").split("|")) == 3
}


def test_every_state_has_its_row_in_the_order_of_precedence():
    """A state that nobody explains is one that nobody acts on."""
    assert [name for name in ROWS if name in catalog.GROUP_STATES] == list(catalog.GROUP_STATES)


@pytest.mark.parametrize("state", catalog.GROUP_STATES)
def test_the_capacity_of_a_state_is_what_the_readme_says(state):
    """Rules multiply by it."""
    status = GroupStatus(state, "none", None, None, None, is_restarting=False)
    assert ROWS[state][0].strip() == f"{status.capacity:g}"


def test_every_reason_of_a_group_is_explained():
    """But for those that repeat the state's name."""
    told = set(re.findall(r"`(\w+)`", README))
    assert set(catalog.GROUP_REASONS) - set(catalog.GROUP_STATES) - {"none"} <= told


def test_every_dialect_is_told_with_the_page_behind_it():
    """Made pages are called so, as their files are."""
    told = set(
        re.findall(r"`(\w+?)(?:\.\.\.)?`", README.partition("## Engines and their names")[2])
    )
    assert {*catalog.ENGINE_DIALECTS, "ray_", catalog.OTHER} <= told
    files = [path.name for path in FIXTURES.glob("*.txt")]
    captured = [name for name in files if not name.endswith(".made.txt")]
    assert {name.split("-")[1] for name in captured} == {"0.32.0"}


def test_every_family_that_is_named_is_one_of_ours():
    """Else somebody looks for it in vain."""
    named = re.findall(r"shardwatch_[a-z_]+[a-z]", README)
    assert {name for name in named if name not in catalog.FAMILIES} == set()
