"""Objectives are found in the library, in files and in folders, or it is said why not."""

from pathlib import Path

import pytest

from exporters import catalog
from exporters.config import Config, read_config
from exporters.problems import InputError
from slo.checks import check_objectives
from slo.objectives import (
    LIBRARY,
    ObjectiveFile,
    library_names,
    read_objective_files,
    read_objectives,
)
from slo.promql import selectors

TOPOLOGY = """\
version: 1
cluster: demo
groups:
- {name: g, region: eu, model: chat, revision: r1, metrics: "http://h/metrics",
   members: [{host: h}]}
"""
VALUES = {
    catalog.OUTCOME: {*catalog.OUTCOMES, *catalog.TOOL_OUTCOMES},
    catalog.STATE: {*catalog.MEMBER_STATES},
    catalog.STAGE: {*catalog.SAFETY_STAGES},
    catalog.TIER: {*catalog.TIERS, catalog.PROBE_TIER},
    catalog.VERDICT: {*catalog.SAFETY_VERDICTS},
}
MINE = (LIBRARY / "agents.yaml").read_text(encoding="utf-8")


def configuration(folder: Path, objectives: str, scrape_interval: str = "5s") -> Config:
    """Return a configuration that names objectives."""
    (folder / "topology.yaml").write_text(TOPOLOGY)
    file = folder / "shardwatch.yaml"
    file.write_text(
        "topology: topology.yaml\n"
        f"prometheus: {{url: 'http://h:9090', scrape_interval: {scrape_interval}}}\n"
        f"objectives: {objectives}\n"
    )
    return read_config(file)


def problems(config: Config) -> list[str]:
    """Return what is wrong with a configuration's objectives, without the folder."""
    with pytest.raises(InputError) as caught:
        read_objectives(config)
    return [str(each).replace(f"{config.path.parent}/", "") for each in caught.value.problems]


def test_the_library_is_used_by_name(tmp_path):
    """Sorted by name, with the name in the library as their file."""
    found = read_objectives(configuration(tmp_path, "['library:chat', 'library:agents']"))

    expected = [
        ("chat-availability", "0.999", "library:chat"),
        ("chat-ttft", "0.99", "library:chat"),
        ("tool-success", "0.99", "library:agents"),
    ]
    assert expected == [(each.name, str(each.target), each.file) for each in found]
    assert {("region", "model")} == {each.grouping_labels for each in found}
    assert {28 * 86400} == {each.period_seconds for each in found}


def test_files_and_folders_are_relative_to_the_configuration(tmp_path):
    """Folders are read to the bottom; what is neither YAML nor JSON is left alone."""
    deep = tmp_path / "objectives/team"
    deep.mkdir(parents=True)
    (deep / "mine.yaml").write_text(MINE)
    (deep / "README.md").write_text("no objective")

    (from_folder,) = read_objectives(configuration(tmp_path, "[./objectives/]"))
    (from_file,) = read_objectives(configuration(tmp_path, "[objectives/team/mine.yaml]"))

    assert from_folder.file == "./objectives/team/mine.yaml"
    assert from_file.file == "objectives/team/mine.yaml"


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [
        pytest.param(
            "[library:chats]",
            "shardwatch.yaml:3:14: objectives[0]: nothing in the library is called 'chats'; take "
            "one of: library:agents, library:chat, library:fleet, library:governance, "
            "library:pace, library:probes, library:rollout, library:tenancy, library:tools",
            id="a name that the library does not have"),
        pytest.param(
            "[library:chat, mine.yaml]",
            "shardwatch.yaml:3:28: objectives[1]: no such file or folder: mine.yaml; correct the "
            "path; a name of the library starts with library:",
            id="a path that leads nowhere"),
        pytest.param(
            "[empty]",
            "shardwatch.yaml:3:14: objectives[0]: found no .yaml, .yml, .json file in empty, "
            "expected one at least",
            id="a folder without files"),
        pytest.param(
            "[service.yaml]",
            "service.yaml: found no SLO, expected one at least; add one",
            id="a file without an SLO"),
        pytest.param(
            "[library:agents, library:agents]",
            "library/agents.yaml:13:3: metadata.name: found a second SLO 'tool-success', expected "
            "each once; the first is in library:agents; rename or remove one of them",
            id="the same file twice"),
    ],
)  # fmt: skip
def test_objectives_that_cannot_be_had_are_refused(tmp_path, objectives, expected):
    """At their place in the configuration, or in their own file."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "service.yaml").write_text(MINE.split("---\n", maxsplit=1)[0])

    found = problems(configuration(tmp_path, objectives))

    assert expected in [each.replace(f"{LIBRARY.parent}/", "") for each in found]


def test_scrapes_that_are_too_slow_for_alerts_are_refused(tmp_path):
    """The base is recorded at the scrape interval."""
    expected = [
        "shardwatch.yaml:2:36: prometheus.scrape_interval: found 5m, expected at most 1m40s; "
        "Prometheus forgets a sample after 5 minutes, and alerts with it"
    ]
    assert expected == problems(configuration(tmp_path, "[library:chat]", "5m"))


@pytest.mark.parametrize(
    ("interval", "nearest"), [("45s", "30s or 50s"), ("7s", "6s or 10s"), ("110s", "1m40s")]
)
def test_scrapes_that_do_not_divide_5_minutes_are_refused(tmp_path, interval, nearest):
    """Seven samples of 45 s fall into 5 minutes: an hour would count 3780 seconds of events."""
    (found,) = problems(configuration(tmp_path, "[library:chat]", interval))

    assert "expected a divisor of 5m, for counts of 5 minutes must hold whole samples" in found
    assert found.startswith("shardwatch.yaml:2:36: prometheus.scrape_interval: found ")
    assert found.endswith(f"; take {nearest}")


def test_slices_that_are_too_short_for_the_scrapes_are_refused(tmp_path):
    """At the objective that has them."""
    sliced = MINE.replace("Occurrences", "Timeslices").replace(
        "{target: 0.99}", "{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1m}"
    )
    assert sliced != MINE
    (tmp_path / "sliced.yaml").write_text(sliced)

    (found,) = problems(configuration(tmp_path, "[sliced.yaml]", "30s"))

    assert "found slices of 1m, expected 2m at least" in found


@pytest.mark.parametrize("interval", ["5s", "7500ms", "15s", "50s", "1m40s"])
def test_other_scrapes_are_taken(tmp_path, interval):
    """Whole samples fall into 5 minutes."""
    assert read_objectives(configuration(tmp_path, "[library:chat]", interval))


def test_the_library_asks_only_for_what_exporters_serve():
    """Families, labels, values of labels and bucket bounds of the catalogue."""
    files = [ObjectiveFile(LIBRARY / f"{name}.yaml", name) for name in library_names()]
    asked = [
        (objective, selector)
        for objective in read_objective_files(files)
        for expression in objective.indicator.expressions
        for selector in selectors(expression)
    ]
    for objective, selector in asked:
        name = selector.name.removesuffix("_bucket").removesuffix("_count")
        family = catalog.FAMILIES[name]
        matched = {each.name: each.value for each in selector.matchers.matchers}
        bound = matched.pop("le", None)
        assert bound is None or float(bound) in family.bounds
        assert set(matched) | set(objective.grouping_labels) <= set(family.labels)
        for label, text in matched.items():
            assert set(text.split("|")) <= VALUES[label], (objective.name, label)


def test_the_library_has_no_alert_that_can_never_fire():
    """A tier that needs more than an outage is left out of an objective."""
    files = [ObjectiveFile(LIBRARY / f"{name}.yaml", name) for name in library_names()]

    assert [] == check_objectives(read_objective_files(files))


@pytest.mark.parametrize("name", library_names())
def test_every_file_of_the_library_is_used_alone(tmp_path, name):
    """With scrapes that are as far apart as is usual."""
    assert read_objectives(configuration(tmp_path, f"[library:{name}]", "60s"))
