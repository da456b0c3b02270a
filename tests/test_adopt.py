"""``docs/adopt.md`` can be followed: what it calls and leads to is there."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import shardwatch
from exporters.kubernetes.settings import Kubernetes

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/adopt.md"
TEXT = PAGE.read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [
    part.strip()
    for block in BLOCKS
    for line in block.splitlines()
    for part in line.partition(" #")[0].split("&&")
    if part.strip().startswith("shardwatch ")
]
MOST_COMMANDS = 5
"""From nothing to the first page."""


def anchor(heading: str) -> str:
    """Return what a heading is called in a link."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def test_it_takes_five_commands():
    """Each a line that is typed."""
    assert MOST_COMMANDS >= len([line for line in BLOCKS[0].splitlines() if line.strip()])


@pytest.mark.parametrize("line", sorted({*COMMANDS}))
def test_its_commands_and_their_options_are_there(line: str):
    """As the command's own parser has them: help is told if all before it is understood."""
    done = CliRunner().invoke(shardwatch.app, [*shlex.split(line)[1:], "--help"])
    assert 0 == done.exit_code, done.output


@pytest.mark.parametrize(
    ("target", "place"), sorted(set(re.findall(r"\]\(([^)#]*)#?([^)]*)\)", TEXT)))
)
def test_its_links_lead_somewhere(target: str, place: str):
    """To a file that is there, and a heading in it."""
    file = (PAGE.parent / target).resolve() if target else PAGE
    assert file.exists()
    if place:
        headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
        assert place in map(anchor, headings)


def test_what_it_says_of_kubernetes_can_be_said():
    """In ``shardwatch.yaml``."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    said = yaml.safe_load(block)["kubernetes"]
    assert said.keys() == Kubernetes.model_validate(said).model_dump().keys()
