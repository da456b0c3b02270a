"""``docs/adopt.md`` can be followed: what it calls and leads to is there."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import shardwatch
from alerts.benching.commands import MOST_COMMANDS, count_commands
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
README = (ROOT / "README.md").read_text()


def anchor(heading: str) -> str:
    """Return what a heading is called in a link."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def test_it_takes_five_commands():
    """Each that is typed, and each file that is edited."""
    assert MOST_COMMANDS >= count_commands()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("a b && cd c  # d\n", 1),
        ("$EDITOR a.yml b.yml\nc\n", 3),
        ("a | b; c \\\n  d\n", 3),
    ],
)
def test_no_command_is_hidden_in_a_line(block: str, expected: int, tmp_path: Path):
    """Nor an edit."""
    (tmp_path / "page.md").write_text(f"# A\n\n```sh\n{block}```\n")
    assert expected == count_commands(tmp_path / "page.md")


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


def test_the_configuration_that_the_readme_shows_leaves_nothing_in_doubt(tmp_path: Path):
    """Somebody is woken, people read tickets of causes, and somebody outside hears the watchdog."""
    config, topology = re.findall(r"^```yaml\n# \w+.yaml\n(.*?)^```$", README, re.M | re.S)[:2]
    (tmp_path / "shardwatch.yaml").write_text(config)
    (tmp_path / "topology.yaml").write_text(topology.replace("GPU-...", "GPU-1"))
    (tmp_path / "pagerduty.key").write_text("0123456789abcdef0123456789abcdef")
    (tmp_path / "slack.url").write_text("https://hooks.slack.com/services/x")
    (tmp_path / "objectives").mkdir()
    shutil.copy(ROOT / "slo/library/fleet.yaml", tmp_path / "objectives")

    done = CliRunner().invoke(
        shardwatch.app, ["validate", "--strict", "--config", str(tmp_path / "shardwatch.yaml")]
    )

    assert 0 == done.exit_code, done.output
    assert "ok: 1 groups, 1 GPUs, 1 routers, 1 tool gateways" in done.output
