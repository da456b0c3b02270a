"""The command itself: what it mounts, prints and exits with."""

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

import shardwatch
from exporters.generated import LIST
from exporters.problems import InputError, problem
from exporters.version import VERSION
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat

TOPOLOGY = """\
version: 1
cluster: demo
groups:
- {name: g, region: eu, model: chat, revision: r1, metrics: "http://h/metrics",
   members: [{host: h, gpus: [GPU-a, GPU-b], telemetry: "http://h/t"}]}
routers: [{name: eu, region: eu, dialect: demo, metrics: "http://r/metrics"}]
"""
CONFIG = """\
topology: topology.yaml
prometheus: {url: "http://127.0.0.1:9090"}
objectives: ["library:chat"]
pagerduty: {routing_key_file: pager.key}
alertmanager:
  receivers: {outside: {webhook: {url: "http://127.0.0.1:9999"}}}
  watchdog: outside
links: {grafana: "http://grafana", runbooks: "http://wiki/runbooks"}
exporters: {gpu: [], groups: [], router: ["h:19803"], tools: []}
"""


@pytest.fixture
def config(tmp_path) -> Path:
    """A good configuration."""
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    file = tmp_path / "shardwatch.yaml"
    file.write_text(CONFIG)
    (tmp_path / "pager.key").write_text("0123456789abcdef0123456789abcdef")
    return file


@pytest.fixture
def builders(monkeypatch):
    """Two packages that build a file each; what they build, by path, may be changed."""
    built = [{"rules/a.yaml": "a\n"}, {"dashboards/b.json": "{}\n"}]

    def make(index):
        module = types.ModuleType(f"builder_{index}")
        module.build = lambda *_: built[index]
        return module

    names = [f"builder_{index}" for index in range(2)]
    for index, name in enumerate(names):
        monkeypatch.setitem(sys.modules, name, make(index))
    monkeypatch.setattr(shardwatch, "BUILDERS", names)
    guide = types.ModuleType("guide")
    guide.next_steps = lambda *given: f"see {given[-1]}\n"
    monkeypatch.setitem(sys.modules, "guide", guide)
    monkeypatch.setattr(shardwatch, "GUIDES", ("guide", "guide"))
    return built


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command in this process; returns its exit code, output and error output."""

    def run_command(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["shardwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            shardwatch.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run_command


def test_it_says_its_version(run):
    """As programs do."""
    assert run("--version") == (0, f"shardwatch {VERSION}\n", "")


def test_its_help_names_every_command(run):
    """Those of the packages too, without importing them."""
    code, out, _ = run("--help")
    assert code == 0
    for name in ("build", "validate", *shardwatch.COMMANDS, *shardwatch.MOUNTED):
        assert f" {name} " in out


@pytest.mark.parametrize("arguments", [["nonsense"], ["build"], ["build", "--nonsense"]])
def test_wrong_arguments_are_bad_input(run, arguments):
    """Exit code 2, with the usage."""
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage: shardwatch" in err


@pytest.mark.parametrize(
    ("first", "then"), [("prometheus", "kubernetes"), ("kubernetes", "vmalert")]
)
def test_a_folder_of_servers_is_none_of_kubernetes(run, config, tmp_path, first, then):
    """What is read from there stays: another folder is to be named."""
    out = tmp_path / "out"
    build = ("build", "--config", config, "-o", out, "--format")
    assert run(*build, first)[0] == 0
    before = {each: each.read_bytes() for each in out.rglob("*") if each.is_file()}

    code, said, err = run(*build, then)
    there = "rules" if first == "prometheus" else "kubernetes"
    assert (code, said) == (2, "")
    assert err == (
        f"{out}: found a build of {there}/ in it, which one of {then} would take away from whoever "
        f"reads it; build into a folder of its own: -o {out}-{then}\n"
    )
    assert before == {each: each.read_bytes() for each in out.rglob("*") if each.is_file()}


def test_build_writes_what_the_packages_build_and_says_so(run, config, builders, tmp_path):
    """A second time there is nothing to write."""
    out = tmp_path / "out"
    assert run("build", "--config", config, "-o", out) == (
        0,
        f"wrote {out}/NEXT.md\nwrote {out}/dashboards/b.json\nwrote {out}/rules/a.yaml\n"
        f"3 files in {out}, 3 of them changed; next: {out}/NEXT.md\n",
        "",
    )
    assert (out / "NEXT.md").read_text() == f"see {out}\n"
    assert (out / "rules/a.yaml").read_text() == "a\n"
    assert run("build", "--config", config, "-o", out) == (
        0,
        f"3 files in {out}, 0 of them changed; next: {out}/NEXT.md\n",
        "",
    )


def test_build_names_what_it_leaves_alone(run, config, builders, tmp_path):
    """And refuses, before anything is changed, to write over what is somebody's."""
    out = tmp_path / "out"
    run("build", "--config", config, "-o", out)
    for number in range(22):
        (out / f"mine-{number:02}").write_text("mine\n")
    code, said, _ = run("build", "--config", config, "-o", out)
    assert code == 0
    assert f"left alone {out}/mine-00, which shardwatch did not write\n" in said
    assert "mine-20" not in said
    assert "left alone 2 more that shardwatch did not write\n" in said

    builders[0] = {"rules/a.yaml": "other\n", "mine-00": "ours\n"}
    code, said, err = run("build", "--config", config, "-o", out)
    assert (code, said) == (2, "")
    assert f"{out}/mine-00: found a file that shardwatch did not generate" in err
    assert (out / "rules/a.yaml").read_text() == "a\n"
    assert (out / "mine-00").read_text() == "mine\n"


def test_build_for_kubernetes_is_other_files(run, config, builders, monkeypatch, tmp_path):
    """With rules for the operator."""
    asked = []
    module = types.ModuleType("of_kubernetes")
    module.build = lambda _, form: asked.append(form.format) or {"kubernetes/a.yaml": "a\n"}
    monkeypatch.setitem(sys.modules, "of_kubernetes", module)
    monkeypatch.setattr(shardwatch, "KUBERNETES_BUILDERS", ["of_kubernetes"])
    out = tmp_path / "out"
    assert run("build", "--config", config, "-o", out, "--format", "kubernetes")[0] == 0
    assert asked == [RulesFormat.OPERATOR]
    assert {"NEXT.md", "kubernetes"} == {each.name for each in out.iterdir() if each.name != LIST}


def test_build_passes_on_who_reads_the_rules(run, config, builders, monkeypatch, tmp_path):
    """And a limit that cannot be kept, or a label without a value, is bad input."""
    asked = []
    monkeypatch.setattr(
        sys.modules["builder_0"], "build", lambda _, form: asked.append(form) or {"a": "a\n"}
    )
    out = ("build", "--config", config, "-o", tmp_path / "out")

    options = ("--format", "operator", "--max-rules-per-group", "20", "--label", "a=b")
    assert run(*out, *options)[0] == 0
    assert asked == [RulesForm(RulesFormat.OPERATOR, 20, {"a": "b"})]
    code, _, err = run(*out, "--max-rules-per-group", "8", "--label", "a")
    assert code == 2
    assert "--label: found 'a', expected NAME=VALUE" in err
    assert "--max-rules-per-group: found 8, expected 9 or more" in err


def test_build_changes_nothing_if_anything_is_wrong(run, config, builders, tmp_path):
    """All problems are found before the first file is written."""
    out = tmp_path / "out"
    (tmp_path / "topology.yaml").write_text("version: 1\n")
    code, said, err = run("build", "--config", config, "-o", out)
    assert (code, said) == (2, "")
    assert err == (
        f"{tmp_path}/topology.yaml:1:1: cluster: missing, expected a value; add it\n"
        f"{tmp_path}/topology.yaml:1:1: groups: missing, expected a value; add it\n"
    )
    assert not out.exists()


def test_two_packages_that_build_the_same_file_are_our_mistake(run, config, builders, tmp_path):
    """One of them would be lost."""
    builders[1] = {"rules/a.yaml": "b\n"}
    code, _, err = run("build", "--config", config, "-o", tmp_path / "out")
    assert code == 70
    assert "builder_1 builds 'rules/a.yaml', which another package builds too" in err


def test_validate_says_what_it_read(run, config, builders):
    """And writes nothing."""
    assert run("validate", "--config", config) == (
        0,
        "ok: 1 groups, 2 GPUs, 1 routers, 0 tool gateways; 2 files can be built\n",
        "",
    )


def test_validate_says_that_nobody_is_paged(run, config, builders):
    """Which may be meant, and stops nothing."""
    config.write_text(CONFIG.replace("pagerduty:", "# "))
    code, said, err = run("validate", "--config", config)
    assert (0, "ok: ") == (code, said[:4])
    assert err == (
        f"{config}:1:1: no page wakes anybody: nobody is told of alerts; "
        "add pagerduty, or alertmanager.fallback\n"
    )


def test_nobody_told_is_wrong_for_who_is_strict_and_told_by_build(run, config, builders, tmp_path):
    """A build that pages nobody is easily taken for one that works."""
    config.write_text(CONFIG.replace("pagerduty:", "# "))
    said = (
        f"{config}:1:1: no page wakes anybody: nobody is told of alerts; "
        "add pagerduty, or alertmanager.fallback\n"
    )

    assert (1, "", said) == run("validate", "--config", config, "--strict")
    code, _, err = run("build", "--config", config, "-o", tmp_path / "out")
    assert (0, said) == (code, err)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "",
            "exporters: missing: Prometheus is told to scrape gpu at 127.0.0.1:19801, groups at "
            "127.0.0.1:19802, router at 127.0.0.1:19803, tools at 127.0.0.1:19804",
        ),
        (
            "exporters: {gpu: [], groups: ['h:1'], tools: []}",
            "exporters: names no router: Prometheus is told to scrape router at 127.0.0.1:19803",
        ),
    ],
)
def test_validate_says_where_exporters_are_taken_to_be(run, config, builders, line, said):
    """Where nobody said it: on Prometheus's own host."""
    config.write_text("\n".join([*CONFIG.splitlines()[:-1], line, ""]))
    code, out, err = run("validate", "--config", config)

    assert (0, "ok: ") == (code, out[:4])
    assert f"{said}; say where each one runs, and [] for one that does not\n" in err


def test_validate_doubts_links_that_nobody_can_follow(run, config, builders):
    """Whoever is paged has a machine of their own, and no board on it."""
    config.write_text(CONFIG.replace("http://wiki", "http://localhost"))
    code, _, err = run("validate", "--config", config)

    assert code == 0
    assert err == (
        f"{config}:8:36: links.runbooks: found http://localhost/runbooks, which leads whoever is "
        "paged to their own machine; say where people reach runbooks\n"
    )


def test_validate_finds_what_a_package_finds(run, config, builders, monkeypatch):
    """Objectives are read by those who build from them."""

    def fail(config, form):
        raise InputError([problem("library:chat", "no such objective")])

    monkeypatch.setattr(sys.modules["builder_0"], "build", fail)
    assert run("validate", "--config", config) == (2, "", "library:chat: no such objective\n")


LAX = (Path(__file__).parents[1] / "slo/library/agents.yaml").read_text(encoding="utf-8")
CANNOT_FIRE = (
    "lax.yaml:13:3: {}: tool-success: the page tier of 1h can never fire: it needs "
    "an error ratio above 1.344, and an outage is 1; choose a target above 0.9256, or a shorter "
    "period{}\n"
)
LEFT_OUT = CANNOT_FIRE.format(
    "default-tier-left-out", ', or do without by shardwatch.dev/tiers: "workbook:6h,1d,3d"'
)


@pytest.fixture
def lax(config) -> Path:
    """A configuration whose objective is too lax for the fastest alert."""
    (config.parent / "lax.yaml").write_text(LAX.replace("0.99}", "0.9}"))
    config.write_text(CONFIG.replace("library:chat", "lax.yaml"))
    return config


@pytest.fixture
def chosen(lax) -> Path:
    """The same, of an author who asked for that alert."""
    text = LAX.replace("0.99}", "0.9}")
    asked = text.replace("grouping-labels:", "tiers: workbook\n    shardwatch.dev/grouping-labels:")
    lax.with_name("lax.yaml").write_text(asked)
    return lax


def test_build_tells_which_alerts_there_cannot_be(run, lax, tmp_path):
    """And builds the others: nobody asked for that one."""
    code, said, err = run("build", "--config", lax, "-o", tmp_path / "out")
    assert (code, err) == (0, LEFT_OUT)
    assert "rules/slo-tool-success.yaml" in said
    assert "burn_tier: 6h" in (tmp_path / "out/rules/slo-tool-success.yaml").read_text()


def test_validate_says_the_same_of_it(run, lax):
    """A warning, which stops nothing."""
    code, said, err = run("validate", "--config", lax)
    assert (code, said[:4], err) == (0, "ok: ", LEFT_OUT)


def test_an_alert_that_was_asked_for_and_cannot_be_stops_both(run, chosen, tmp_path):
    """A check that found something; nothing is written."""
    found = (1, "", CANNOT_FIRE.format("tier-cannot-fire", ""))
    assert run("validate", "--config", chosen) == found
    assert run("build", "--config", chosen, "-o", tmp_path / "out") == found
    assert not (tmp_path / "out").exists()


def test_a_warning_does_not_make_a_configuration_wrong(run, lax):
    """It is told: here that no ticket tells of a slow burn."""
    pages = LAX.replace(
        "grouping-labels:", "tiers: 'workbook:1h'\n    shardwatch.dev/grouping-labels:"
    )
    lax.with_name("lax.yaml").write_text(pages)

    code, said, err = run("validate", "--config", lax)

    assert code == 0
    assert said.startswith("ok: ")
    assert err.startswith("lax.yaml:13:3: burn-escapes: tool-success: no tier catches a burn rate")


def test_doubts_fail_only_who_asks_for_that(run, config):
    """Here about who is told."""
    config.write_text(CONFIG.replace("  watchdog:", "  addresses: ['a:9093']\n  watchdog:"))
    code, said, err = run("validate", "--config", config)

    assert (0, "ok: ") == (code, said[:4])
    assert "alertmanager.addresses: found a:9093 alone" in err
    assert (1, "", err) == run("validate", "--config", config, "--strict")


def test_so_do_warnings_about_objectives(run, lax):
    """Nothing is in doubt where nothing is said."""
    assert (1, "", LEFT_OUT) == run("validate", "--config", lax, "--strict")


def test_a_configuration_without_doubts_is_strictly_right(run, config):
    """It says so."""
    code, said, err = run("validate", "--config", config, "--strict")

    assert (0, "ok: ", "") == (code, said[:4], err)


def test_validate_names_the_targets_that_have_no_place(run, config, builders):
    """What the exporters are built without is a finding, not an error of input."""
    labels = {"group": "g", "region": "eu", "model": "chat"}
    targets = [{"targets": ["h:1"], "labels": labels}, {"targets": ["odd:1"]}]
    config.with_name("targets.json").write_text(json.dumps(targets))
    text = config.read_text()
    assert "topology: topology.yaml" in text
    found = "topology: {file_sd: [targets.json], cluster: demo}"
    config.write_text(text.replace("topology: topology.yaml", found))
    code, out, err = run("validate", "--config", config)
    assert (code, out) == (1, "")
    assert "targets.json: [1].targets[0]: odd:1: no_group: found none of group" in err


def test_problems_are_printed_one_a_line(run, tmp_path):
    """Without a traceback."""
    file = tmp_path / "nowhere.yaml"
    assert run("exporter", "gpu", "--config", file) == (
        2,
        "",
        f"{file}: no such file; create it or correct the path\n",
    )


def test_an_unexpected_error_is_a_sentence_and_how_to_report_it(run, config, builders, monkeypatch):
    """Users did nothing wrong."""

    def fail(config, form):
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(sys.modules["builder_0"], "build", fail)
    assert run("validate", "--config", config) == (
        70,
        "",
        "shardwatch failed, which is a mistake of ours: ZeroDivisionError: division by zero\n"
        "Please report it with what SHARDWATCH_TRACEBACK=1 makes the same command print.\n",
    )


def test_an_unexpected_error_is_shown_in_full_to_who_asks(run, config, builders, monkeypatch):
    """For the report."""

    def fail(config, form):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(sys.modules["builder_0"], "build", fail)
    monkeypatch.setenv(shardwatch.TRACEBACK_VARIABLE, "1")
    code, _, err = run("validate", "--config", config)
    assert code == 70
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("ZeroDivisionError: division by zero\n")


def test_an_interrupted_command_says_nothing(run, config, builders, monkeypatch):
    """As a shell expects."""

    def interrupt(config, form):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["builder_0"], "build", interrupt)
    assert run("validate", "--config", config) == (130, "", "")


@pytest.mark.parametrize("name", shardwatch.MOUNTED)
def test_every_package_mounts_its_commands(name):
    """Each by its own `cli.py`."""
    done = subprocess.run(
        [sys.executable, "-m", "shardwatch", name, "--help"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: shardwatch {name} [OPTIONS] COMMAND" in done.stdout


@pytest.mark.parametrize("name", shardwatch.BUILDERS)
def test_every_builder_builds(name):
    """Found by its name only when it is needed, so a wrong name would be found late."""
    module = __import__(name, fromlist=["build"])
    assert callable(module.build)
