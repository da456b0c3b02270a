"""The commands, run as users run them.

``GOLDEN=write .venv/bin/pytest tests/slo/test_cli.py`` writes the golden file anew; read the diff.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from exporters.version import VERSION
from slo.testing import check_rules

GOLDEN = Path(__file__).parent / "golden/rules.yaml"
ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = """\
version: 1
cluster: demo
groups:
- {name: g, region: eu, model: chat, revision: r1, metrics: "http://h/metrics",
   members: [{host: h}]}
"""
CONFIG = """\
topology: topology.yaml
prometheus: {url: "http://127.0.0.1:9090", scrape_interval: 5s}
objectives: [library:chat, library:agents]
"""
LAX = (ROOT / "slo/library/agents.yaml").read_text(encoding="utf-8").replace("0.99}", "0.9}")
CHOSEN = LAX.replace("grouping-labels:", "tiers: workbook\n    shardwatch.dev/grouping-labels:")

PAGES = (
    (ROOT / "slo/library/agents.yaml")
    .read_text(encoding="utf-8")
    .replace("grouping-labels:", "tiers: 'workbook:1h,6h'\n    shardwatch.dev/grouping-labels:")
)
"""Without the tickets, which would tell of a slow burn."""
SLICES = (
    (ROOT / "slo/library/agents.yaml")
    .read_text(encoding="utf-8")
    .replace("Occurrences", "RatioTimeslices")
    .replace("{target: 0.99}", "{target: 0.99, timeSliceWindow: 1m}")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with the library's objectives, and files to go wrong with."""
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    (tmp_path / "shardwatch.yaml").write_text(CONFIG)
    (tmp_path / "lax.yaml").write_text(LAX)
    (tmp_path / "broken.yaml").write_text("kind: [SLO\n")
    return tmp_path


@pytest.fixture
def run(folder):
    """Runs ``shardwatch slo`` in the folder."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, ROOT / "shardwatch.py", "slo", *arguments],
            cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        )  # fmt: skip

    return run


def test_the_librarys_rules_are_the_golden_ones(run, folder, promtool):
    """Every expression, label and interval; and promtool accepts them."""
    done = run("rules")

    assert (0, "") == (done.returncode, done.stderr)
    text = done.stdout.replace(VERSION, "VERSION")
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text
    check_rules(promtool, done.stdout, folder)


def test_rules_are_written_where_asked(run, folder):
    """The same as printed."""
    done = run("rules", "-o", "rules.yaml")

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert run("rules").stdout == (folder / "rules.yaml").read_text(encoding="utf-8")


def test_rules_are_those_of_files_where_some_are_named(run, folder):
    """At the configuration's interval, at another, or without a configuration at the usual one."""
    (folder / "mine.yaml").write_text(PAGES)

    done = run("rules", "mine.yaml")
    assert (0, "") == (done.returncode, done.stderr)
    groups = yaml.safe_load(done.stdout)["groups"]
    assert [("slo-tool-success", "5s"), ("slo-tool-success-levels", "1m")] == [
        (each["name"], each["interval"]) for each in groups
    ]
    assert "from mine.yaml, shardwatch.yaml;" in done.stdout.splitlines()[0]
    assert "interval: 30s" in run("rules", "mine.yaml", "--scrape-interval", "30s").stdout
    (folder / "shardwatch.yaml").unlink()
    assert "interval: 15s" in run("rules", "mine.yaml").stdout


@pytest.mark.parametrize("command", ["rules", "validate"])
def test_files_are_held_against_the_configurations_interval(run, folder, command):
    """No rules are made that count wrongly."""
    (folder / "shardwatch.yaml").write_text(CONFIG.replace("5s", "7s"))

    done = run(command, "lax.yaml")

    assert (2, "") == (done.returncode, done.stdout)
    assert "prometheus.scrape_interval: found 7s, expected a divisor of 5m" in done.stderr


def test_rules_are_written_for_the_operator_in_groups_that_mimir_takes(run):
    """A manifest for each objective, with labels for its selector."""
    done = run("rules", "--format", "operator", "--max-rules-per-group", "10", "--label", "a=b")

    assert (0, "") == (done.returncode, done.stderr)
    manifests = list(yaml.safe_load_all(done.stdout))
    assert ["slo-chat-availability", "slo-chat-ttft", "slo-tool-success"] == [
        each["metadata"]["name"] for each in manifests
    ]
    assert {"a": "b"} == manifests[0]["metadata"]["labels"]
    groups = manifests[0]["spec"]["groups"]
    name = "slo-chat-availability"
    assert [name, f"{name}-2", f"{name}-levels", f"{name}-levels-2"] == [
        each["name"] for each in groups
    ]
    assert max(len(each["rules"]) for each in groups) <= 10


def test_rules_for_vmalert_wait_for_what_it_has_not_written_yet(run):
    """Counts alone: burn rates wait for nothing."""
    lines = run("rules", "--format", "vmalert").stdout.splitlines()
    waiting = [each for each in lines if "offset 10s" in each]

    assert waiting
    assert not [each for each in waiting if "_over_time" not in each]
    assert "offset 10s" not in run("rules").stdout


@pytest.mark.parametrize(
    ("option", "wrong", "says"),
    [
        ("--label", "ab", "--label: found 'ab', expected NAME=VALUE; write team=inference\n"),
        ("--max-rules-per-group", "8", "found 8, expected 9 or more: so many are never apart"),
        ("--format", "yaml", "yaml"),
    ],
)
def test_options_that_cannot_be_are_bad_input(run, option, wrong, says):
    """Exit 2, nothing printed."""
    done = run("rules", option, wrong)

    assert (2, "") == (done.returncode, done.stdout)
    assert says in done.stderr


def test_rules_that_cannot_be_written_are_bad_input(run):
    """One line, no traceback."""
    done = run("rules", "-o", "nowhere/rules.yaml")

    assert (2, "nowhere/rules.yaml: cannot be written: No such file or directory\n") == (
        done.returncode,
        done.stderr,
    )


def test_good_objectives_are_named(run):
    """Those of the configuration, or those of files."""
    assert (0, "ok: chat-availability, chat-ttft, tool-success\n") == (
        (done := run("validate")).returncode,
        done.stdout,
    )
    assert run("validate", str(ROOT / "slo/library/agents.yaml")).stdout == "ok: tool-success\n"


def test_objectives_whose_alerts_cannot_be_are_problems_found(run, folder):
    """Exit 1: somebody chose those tiers. Of the default ones they are left out, and that told."""
    (folder / "chosen.yaml").write_text(CHOSEN)
    done, default = run("validate", "chosen.yaml"), run("validate", "lax.yaml")

    expected = (
        "chosen.yaml:13:3: tier-cannot-fire: tool-success: the page tier of 1h can never fire: it "
        "needs an error ratio above 1.344, and an outage is 1; choose a target above 0.9256, or a "
        "shorter period\n1 error; slo/checks/README.md tells more\n"
    )
    assert (1, "", expected) == (done.returncode, done.stdout, done.stderr)
    assert (0, "ok: tool-success\n") == (default.returncode, default.stdout)
    assert default.stderr.startswith("lax.yaml:13:3: default-tier-left-out: tool-success: the page")


def test_a_warning_is_told_and_stops_nothing_unless_one_is_strict(run, folder):
    """Exit 0, or 1."""
    (folder / "pages.yaml").write_text(PAGES)

    done, strict = run("validate", "pages.yaml"), run("validate", "--strict", "pages.yaml")

    assert (0, "ok: tool-success\n") == (done.returncode, done.stdout)
    told, counted = done.stderr.splitlines()
    assert told.startswith("pages.yaml:13:3: burn-escapes: tool-success: no tier catches a burn")
    assert "1 warning; slo/checks/README.md tells more" == counted
    assert (1, "", done.stderr) == (strict.returncode, strict.stdout, strict.stderr)


def test_slices_are_held_against_the_interval_that_is_given(run, folder):
    """A minute holds four samples at 15 s, and too few at 30 s."""
    (folder / "slices.yaml").write_text(SLICES)

    assert "ok: tool-success\n" == run("validate", "slices.yaml").stdout
    done = run("validate", "--scrape-interval", "30s", "slices.yaml")
    assert 2 == done.returncode
    assert done.stderr.startswith(
        "slices.yaml:13:3: slices-unfit: tool-success: found slices of 1m"
    )


@pytest.mark.parametrize(
    ("interval", "says"),
    [
        ("7s", "found 7s, expected a divisor of 5m, for counts of 5 minutes must hold whole "
               "samples; take 6s or 10s"),
        ("10m", "found 10m, expected at most 1m40s; Prometheus forgets a sample after 5 minutes, "
                "and alerts with it"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("files", [["lax.yaml"], []])
def test_an_interval_that_no_rules_can_be_made_for_is_bad_input(run, interval, says, files):
    """Of files too, as of a configuration."""
    done = run("validate", "--scrape-interval", interval, *files)

    assert (2, "", f"--scrape-interval: {says}\n") == (done.returncode, done.stdout, done.stderr)


def test_programs_read_what_was_found(run, folder):
    """As JSON: the same, also of files that cannot be read."""
    (folder / "pages.yaml").write_text(PAGES)

    done = run("validate", "--format", "json", "--retention", "15d", "pages.yaml")

    assert (1, "") == (done.returncode, done.stderr)
    said = json.loads(done.stdout)
    assert ["tool-success"] == said["objectives"]
    assert [
        ("burn-escapes", "warning", "pages.yaml", 13, 3, "tool-success"),
        ("window-longer-than-retention", "error", "pages.yaml", 13, 3, "tool-success"),
    ] == [
        tuple(each[key] for key in ("check", "severity", "file", "line", "column", "path"))
        for each in said["problems"]
    ]
    broken = run("validate", "--format", "json", "broken.yaml")
    assert 2 == broken.returncode
    [problem] = json.loads(broken.stdout)["problems"]
    assert ("bad-input", "error", "broken.yaml", 2) == (
        problem["check"], problem["severity"], problem["file"], problem["line"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["validate", "no.yaml"], "no.yaml: no such file or folder"),
        (
            ["validate", "broken.yaml"],
            "broken.yaml:2:1: not YAML: did not find expected ',' or ']'",
        ),
        (
            ["validate", "--retention", "long", "lax.yaml"],
            "--retention: 'long' is no duration such as 15s, 1h30m or 28d",
        ),
        (["rules", "--config", "no.yaml"], "no.yaml: no such file; create it or correct the path"),
    ],
)
def test_bad_input_is_told_in_a_line(run, arguments, expected):
    """Exit 2, nothing printed, nothing changed."""
    done = run(*arguments)

    assert (2, "", f"{expected}\n") == (done.returncode, done.stdout, done.stderr)
