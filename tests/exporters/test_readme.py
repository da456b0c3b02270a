"""``exporters/README.md`` says what there is."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exporters import catalog
from exporters.catalog import Family
from exporters.cli import app
from exporters.config import PORTS
from exporters.readme import FILE, SUBJECTS, TABLES, families_of, options_table
from exporters.sections import first_cells, section

README = FILE.read_text(encoding="utf-8")
COMMAND = re.compile(r"shardwatch exporter (.*(?:\\\n.*)*)")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_what_the_code_makes_of_it(name):
    """If not: python -m exporters.readme."""
    assert TABLES[name]() == section(README, name)


def test_every_family_of_the_catalogue_has_one_row():
    """In the table of the exporter that serves it."""
    named = [
        name for each in SUBJECTS for name, _ in first_cells(section(README, f"series of {each}"))
    ]
    assert sorted(catalog.FAMILIES) == sorted(named)


@pytest.mark.parametrize("name", ["gpu", "groups", "router", "probe"])
def test_an_exporter_serves_no_family_of_another(name):
    """Its golden page has those of its table, and those that all serve."""
    page = (Path(__file__).parent / f"golden/{name}.prom").read_text()
    served = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))
    told = {each.name for each in [*families_of(name), *families_of("all")]}
    assert served <= told


def test_the_labels_that_all_families_of_a_table_have_are_told_once():
    """And those beside them in the rows."""
    text = section(README, "series of gpu")
    assert (
        "All have the labels `cluster`, `region`, `model`, `group`, `host`, `uuid`, but where"
        in text
    )
    [log] = [each for each in families_of("gpu") if each.name.endswith("kernel_log_readable")]
    assert f"| `{log.name}` | gauge | only `cluster`, `host` | {log.help} |" in text
    state: Family = catalog.GPU_STATE
    assert f"| `{state.name}` | gauge | `state` | {state.help} |" in text


def test_every_option_is_told_with_the_exporters_that_take_it():
    """As the commands' own help has it."""
    told = dict(first_cells(options_table()))
    for name in PORTS:
        run = CliRunner().invoke(app, [name, "--help"], env={"TERM": "dumb", "COLUMNS": "300"})
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z.-]+", run.stdout)) - {"--help"}
        of_it = {option.split(" ")[0] for option, of in told.items() if name in of or of == "all"}
        assert options == of_it


@pytest.mark.parametrize("line", [match[1] for match in COMMAND.finditer(README)])
def test_the_commands_of_the_readme_are_understood(line, tmp_path):
    """Up to the file that they name, which is not here."""
    arguments = shlex.split(line.partition("|")[0])
    arguments = ["groups" if each == "%i" else each for each in arguments]
    assert "/etc/shardwatch/shardwatch.yaml" in arguments
    missing = str(tmp_path / "none.yaml")
    arguments[arguments.index("/etc/shardwatch/shardwatch.yaml")] = missing
    run = CliRunner().invoke(app, arguments)
    assert f"{missing}: no such file" in str(run.exception)
