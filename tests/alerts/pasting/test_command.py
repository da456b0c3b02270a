"""``shardwatch paste``: into a stranger's files and out of them, or not at all."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import shardwatch
from alerts.pasting import checking
from alerts.pasting.marks import Source, begin, end
from demo.setup.programs import find_program
from exporters.config import read_config
from exporters.generated import write_generated
from exporters.problems import EXIT_BAD_INPUT, InputError
from slo.rule_files import RulesForm
from tests.alerts.routing.configuring import assert_takes
from tests.dashboards.next_steps.test_next_steps import THEIR_ALERTMANAGER, THEIR_PROMETHEUS
from tests.kubernetes.configuring import PLAIN, TOPOLOGY, write

SAID_OF_CLUSTER = (
    "  found no cluster in its external_labels, by which pages of a region hold back those of "
    "objectives; write `external_labels: {cluster: prod}` under global:\n"
)
NOT_CHECKED = {
    name: f"  not checked, for {program} is not found here: `{program} {said} {name}.yml` "
    "before it is read again\n"
    for name, program, said in (
        ("prometheus", "promtool", "check config"),
        ("alertmanager", "amtool", "check-config"),
    )
}
BY_HAND = (
    "expected it in what is pasted alone; take it out, as NEXT.md says at its end, if it was "
    "pasted by hand before; else give it another name"
)


@pytest.fixture(autouse=True)
def _nobodys_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find no promtool, so that nothing depends on whether one is installed."""
    monkeypatch.setattr(checking, "which", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, a file of rules that were built, and two files of a stranger."""
    write(tmp_path, {**PLAIN, "alertmanager": {"addresses": ["am:9093"]}})
    (tmp_path / "out/rules").mkdir(parents=True)
    (tmp_path / "out/rules/alerts.yaml").write_text("groups: []\n")
    (tmp_path / "prometheus.yml").write_text(f"# Theirs.\n{yaml.safe_dump(THEIR_PROMETHEUS)}")
    (tmp_path / "alertmanager.yml").write_text(f"# Theirs.\n{yaml.safe_dump(THEIR_ALERTMANAGER)}")
    return tmp_path


def paste(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code, and what it says."""
    options = ["--config", str(folder / "shardwatch.yaml"), "-o", str(folder / "out")]
    done = CliRunner().invoke(shardwatch.app, ["paste", *options, *arguments])
    if isinstance(done.exception, InputError):  # the command's main says it, and exits so
        return EXIT_BAD_INPUT, str(done.exception).replace(f"{folder}/", "")
    return done.exit_code, done.output.replace(f"{folder}/", "")


def files(folder: Path) -> list[str]:
    """Return the paths of both files."""
    return [str(folder / f"{name}.yml") for name in ("prometheus", "alertmanager")]


def everything(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by name."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def assert_refuses(folder: Path, said: str, *arguments: str) -> None:
    """Assert that nothing changes, and that it is said why by whom the command is called."""
    before = everything(folder)
    code, told = paste(folder, *(arguments or files(folder)))
    assert EXIT_BAD_INPUT == code
    assert said in told
    assert before == everything(folder)


def test_both_files_get_what_is_built_for_them(folder: Path):
    """With a copy of what they were, and what to do next."""
    before = [Path(each).read_text() for each in files(folder)]

    assert (
        0,
        f"pasted into prometheus.yml\n{SAID_OF_CLUSTER}{NOT_CHECKED['prometheus']}"
        f"pasted into alertmanager.yml\n{NOT_CHECKED['alertmanager']}",
    ) == paste(folder, *files(folder))

    prometheus, alertmanager = (yaml.safe_load(Path(each).read_text()) for each in files(folder))
    assert [f"{folder}/out/rules/*.yaml", "theirs.yaml"] == prometheus["rule_files"]
    assert THEIR_PROMETHEUS["scrape_configs"] == prometheus["scrape_configs"][-1:]
    assert ["am:9093"] == prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert_takes(alertmanager, folder / "out")
    assert THEIR_ALERTMANAGER["receivers"] == alertmanager["receivers"][-1:]
    assert before == [Path(f"{each}.before-shardwatch").read_text() for each in files(folder)]


def test_pasted_again_nothing_changes_and_undone_all_is_as_it_was(folder: Path):
    """Byte for byte, and no copy is left."""
    before = everything(folder)
    paste(folder, *files(folder))

    assert (
        0,
        f"prometheus.yml is as it was\n{SAID_OF_CLUSTER}alertmanager.yml is as it was\n",
    ) == (paste(folder, *files(folder)))
    assert (
        0,
        f"took out of prometheus.yml\n{NOT_CHECKED['prometheus']}"
        f"took out of alertmanager.yml\n{NOT_CHECKED['alertmanager']}"
        "reload Prometheus now, wait five minutes, then reload Alertmanager: what fires is told as "
        "ended within these, and would else be told to your own receivers\n",
    ) == paste(folder, "--undo", *files(folder))
    assert before == everything(folder)


def test_one_file_alone_needs_no_waiting(folder: Path):
    """Whoever takes out one after the other has read of it."""
    paste(folder, *files(folder))
    for file in files(folder):
        code, said = paste(folder, "--undo", file)
        assert 0 == code
        assert "wait five minutes" not in said


@pytest.mark.parametrize("nothing", ["[]", "~  # none yet"])
def test_an_empty_list_is_pasted_into_and_comes_back(folder: Path, nothing: str):
    """Servers take it, and so does this."""
    file = folder / "prometheus.yml"
    theirs = f"rule_files: {nothing}\nscrape_configs: {nothing}\n"
    file.write_text(theirs)

    assert 0 == paste(folder, str(file))[0]
    assert [f"{folder}/out/rules/*.yaml"] == yaml.safe_load(file.read_text())["rule_files"]
    paste(folder, "--undo", str(file))
    assert theirs == file.read_text()


@pytest.mark.parametrize("name", ["link/rules/*.yaml", "link/rules/alerts.yaml", "one.yaml"])
def test_rules_that_are_read_already_through_a_link_are_not_read_twice(folder: Path, name: str):
    """Of a folder, or of one file."""
    (folder / "link").symlink_to(folder / "out")
    (folder / "one.yaml").symlink_to(folder / "out/rules/alerts.yaml")
    (folder / "prometheus.yml").write_text(f"rule_files:\n- {name}\n")
    assert_refuses(folder, "which reads rules of shardwatch already")


def test_the_file_that_prometheus_comes_with_is_pasted_into(folder: Path):
    """Its lists are empty but for comments, and its alerts go to nobody."""
    file = folder / "prometheus.yml"
    theirs = """\
alerting:
  alertmanagers:
    - static_configs:
        - targets:
          # - alertmanager:9093

rule_files:
  # - "first_rules.yml"

scrape_configs:
  - job_name: "prometheus"
"""
    file.write_text(theirs)

    code, _ = paste(folder, str(file))
    assert 0 == code
    said = yaml.safe_load(file.read_text())
    assert [f"{folder}/out/rules/*.yaml"] == said["rule_files"]
    ours, nobody = said["alerting"]["alertmanagers"]
    assert [{"targets": ["am:9093"]}] == ours["static_configs"]
    assert [{"targets": None}] == nobody["static_configs"]
    paste(folder, "--undo", str(file))
    assert theirs == file.read_text()


def test_the_copy_is_of_the_file_before_anything_was_pasted(folder: Path):
    """Not of one that holds what was pasted."""
    file, _ = files(folder)
    before = Path(file).read_text()
    paste(folder, file)
    Path(file).write_text(f"{Path(file).read_text()}# more\n")
    write(folder, {**PLAIN, "alertmanager": {"addresses": ["am:9094"]}})
    assert "pasted into" in paste(folder, file)[1]
    assert before == Path(f"{file}.before-shardwatch").read_text()


def test_a_file_keeps_its_mode_its_links_and_the_ends_of_its_lines(folder: Path):
    """It is another file that takes its place."""
    real, link = folder / "real.yml", folder / "prometheus.yml"
    real.write_bytes(link.read_bytes().replace(b"\n", b"\r\n"))
    real.chmod(0o640)
    before = real.read_bytes()
    link.unlink()
    link.symlink_to(real)
    paste(folder, str(link))
    assert link.is_symlink()
    assert 0o640 == real.stat().st_mode & 0o777
    assert real.read_bytes().count(b"\n") == real.read_bytes().count(b"\r\n") > before.count(b"\n")
    paste(folder, "--undo", str(link))
    assert before == real.read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else gives files away")
def test_a_file_keeps_its_owner(folder: Path):
    """A server that runs as that one reads it."""
    file, _ = files(folder)
    os.chown(file, 65532, 65532)
    paste(folder, file)
    assert (65532, 65532) == (Path(file).stat().st_uid, Path(file).stat().st_gid)


OTHER_JOB = "- job_name: b\n- job_name: shardwatch-groups\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scrape_configs: {}\n", "prometheus.yml:1: scrape_configs: is no list of dashes"),
        (
            "rule_files:\nalerting:\n  alertmanagers: am\n",
            "prometheus.yml:3: alerting: alertmanagers: is no list of dashes",
        ),
        ("a: b\n", "prometheus.yml: found no configuration of a Prometheus or an Alertmanager"),
        ("a: [\n", "prometheus.yml:2:1: not YAML"),
        ("rule_files:\n- a\n- b: [\n", "prometheus.yml:4:1: not YAML"),
        ("global:\n  x: 2024-13-45\n", "prometheus.yml:2:3: global.x: cannot read '2024-13-45'"),
        (f"global: {'[' * 5000}\n", "prometheus.yml:1:208: nested too deeply"),
        (
            f"scrape_configs:\n{OTHER_JOB}",
            f"prometheus.yml:3:3: scrape_configs[1].job_name: found 'shardwatch-groups', {BY_HAND}",
        ),
        (
            "rule_files:\n- theirs.yaml\n- out/rules/*.yaml\n",
            "prometheus.yml:3:3: rule_files[1]: found 'out/rules/*.yaml', which reads rules of "
            "shardwatch already, expected them in what is pasted alone; take it out, or name files "
            "of yours alone",
        ),
        ("rule_files:\n- out/*/a*.yaml\n", "prometheus.yml:2:3: rule_files[0]: found 'out/*/a*"),
        (
            "global: {}\nscrape_config_files:\n- jobs/*.yml\n",
            f"jobs/b.yml:3:3: scrape_configs[1].job_name: found 'shardwatch-groups', {BY_HAND}",
        ),
        (
            f"rule_files:\n{begin(Source('prod', '/out'), ['- b'])}\n- b\n",
            "prometheus.yml:2: found '# shardwatch",
        ),
    ],
)
def test_a_file_that_cannot_be_pasted_into_stops_all(folder: Path, text: str, said: str):
    """And says what to do instead."""
    (folder / "jobs").mkdir()
    (folder / "jobs/b.yml").write_text(f"scrape_configs:\n{OTHER_JOB}")
    (folder / "prometheus.yml").write_text(text)

    assert_refuses(folder, said)


@pytest.mark.parametrize("key", ["receivers", "inhibit_rules", "time_intervals"])
def test_what_was_pasted_by_hand_is_not_pasted_again(folder: Path, key: str):
    """Neither what has a name nor what has none."""
    _, file = files(folder)
    times = {"work": [{"weekdays": ["monday:friday"]}]}
    receiver = {"webhook": {"url": "http://x/"}, "tickets_during": ["work"]}
    told = {"receivers": {"a": receiver}, "times": times, "fallback": "a"}
    write(folder, {**PLAIN, "alertmanager": told})
    before = Path(file).read_text()
    paste(folder, file)
    [first, *_] = yaml.safe_load(Path(file).read_text())[key]
    paste(folder, "--undo", file)
    where = "mute_time_intervals" if key == "time_intervals" else key
    by_hand = {**yaml.safe_load(before), where: [first, *yaml.safe_load(before).get(where, [])]}
    Path(file).write_text(yaml.safe_dump(by_hand, sort_keys=False))

    said = repr(first["name"]) if "name" in first else "what is to be pasted"
    assert_refuses(folder, f"{where}[0]", file)
    assert_refuses(folder, f"found {said}, {BY_HAND}", file)


def test_another_clusters_lines_are_left_and_its_names_are_told(folder: Path):
    """Each takes out its own."""
    file, _ = files(folder)
    none: dict[str, list[str]] = {name: [] for name in ("gpu", "groups", "router", "tools")}
    write(folder, {**PLAIN, "exporters": none})
    paste(folder, file)
    first = Path(file).read_bytes()
    second = folder / "second"
    (second / "out/rules").mkdir(parents=True)
    (second / "out/rules/alerts.yaml").write_text("groups: []\n")
    write(second, {**PLAIN, "exporters": none}, {**TOPOLOGY, "cluster": "canary"})

    paste(second, file)
    reads = yaml.safe_load(Path(file).read_text())["rule_files"]
    assert [f"{second}/out/rules/*.yaml", f"{folder}/out/rules/*.yaml", "theirs.yaml"] == reads
    assert (
        0,
        "took out of prometheus.yml\n"
        "  has lines of other clusters: prod (--cluster NAME)\n" + NOT_CHECKED["prometheus"],
    ) == paste(folder, "--undo", "--cluster", "canary", file)
    assert first == Path(file).read_bytes()
    assert (folder / "prometheus.yml.before-shardwatch").exists()

    paste(folder, "--undo", file)
    write(folder, PLAIN)
    paste(folder, file)
    write(second, PLAIN, {**TOPOLOGY, "cluster": "canary"})
    before = Path(file).read_bytes()
    code, said = paste(second, file)
    assert EXIT_BAD_INPUT == code
    assert "found 'shardwatch-groups', expected it in what is pasted alone; it was pasted" in said
    assert 'for the cluster prod: leave it, or take it out (--undo --cluster "prod")' in said
    assert before == Path(file).read_bytes()


def test_a_mark_that_is_gone_takes_nothing_of_theirs_with_it(folder: Path):
    """The next mark is another block's."""
    file, other = files(folder)
    paste(folder, file, other)
    text = Path(file).read_text()
    Path(file).write_text(text.replace(f"{end('prod')}\n", "", 1))
    assert_refuses(folder, "expected the end of what begins in line", "--undo", file, other)


def test_a_folder_that_was_never_built_is_told(folder: Path):
    """Prometheus would take it, and evaluate nothing."""
    (folder / "out/rules/alerts.yaml").unlink()
    assert_refuses(folder, "out: found no rules/*.yaml in it, expected the rules of a build; run")


def test_what_belongs_to_a_key_that_was_pasted_is_not_left_to_nothing(folder: Path):
    """Without our key it would be no YAML, or an item of the list before."""
    file, _ = files(folder)
    Path(file).write_text("global: {}\n")
    paste(folder, file)
    text = Path(file).read_text()
    added = text.replace(f"{end('prod')}\n", f"{end('prod')}\n\n# mine\n- mine/*.yml\n", 1)
    Path(file).write_text(added)
    line = added.splitlines().index("- mine/*.yml") + 1
    said = (
        f"prometheus.yml:{line}: found what belongs to a key that was pasted up to line {line - 3}"
    )
    assert_refuses(folder, said, "--undo", file)
    assert_refuses(folder, said, file)


def test_another_cluster_of_the_same_name_does_not_take_the_place_of_ours(folder: Path):
    """Nobody would be told of the first any more."""
    paste(folder, *files(folder))
    other = folder / "other"
    (other / "rules").mkdir(parents=True)
    (other / "rules/alerts.yaml").write_text("groups: []\n")
    for file in files(folder):
        code, said = paste(folder, "-o", str(other), file)
        assert EXIT_BAD_INPUT == code
        assert "found what was built in out for the cluster prod, expected that of other" in said


@pytest.mark.parametrize(
    ("labels", "is_taken"),
    [
        ({"severity": "page"}, True),
        ({"severity": "{{ $labels.severity }}"}, True),
        ({"severity": "critical"}, False),
        (None, False),
        ({"severity": "none", "name": "Watchdog"}, False),
    ],
)
def test_an_alert_of_theirs_that_our_route_would_take_stops_it(
    folder: Path, labels: dict[str, str] | None, *, is_taken: bool
):
    """It went to their own receiver before. A watchdog of theirs is none of ours by its labels."""
    file, _ = files(folder)
    name = (labels or {}).get("name", "HostDown")
    rule = {"alert": name, "expr": "up == 0", **({"labels": labels} if labels else {})}
    theirs = {"groups": [{"name": "a", "rules": [{"record": "a:b", "expr": "b"}, rule]}]}
    (folder / "theirs.yaml").write_text(yaml.safe_dump(theirs))
    if is_taken:
        said = "theirs.yaml:6:5: groups[0].rules[1].alert: found the alert HostDown with severity"
        assert_refuses(folder, said, file)
    else:
        assert 0 == paste(folder, file)[0]


def test_a_copy_of_another_time_is_not_overwritten(folder: Path):
    """It may be the only one of what it is of."""
    file, _ = files(folder)
    Path(f"{file}.before-shardwatch").write_text("mine\n")
    assert_refuses(folder, "prometheus.yml.before-shardwatch: found a copy that differs", file)


def test_what_is_to_be_taken_out_needs_no_configuration_where_it_is_of_one_cluster(folder: Path):
    """Of several it must be said which."""
    file, _ = files(folder)
    before = Path(file).read_bytes()
    paste(folder, file)
    (folder / "shardwatch.yaml").unlink()
    assert 0 == paste(folder, "--undo", file)[0]
    assert before == Path(file).read_bytes()
    assert_refuses(
        folder, "to say whose lines to take out; say it by --cluster NAME", "--undo", file
    )


def test_where_writing_stops_half_way_what_was_written_is_put_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A file system that fills up, or turns read-only, does so between two files as well."""
    replace = Path.replace

    def fail_at_the_last(self: Path, target: Path) -> Path:
        if target.name == "alertmanager.yml":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_last)
    assert_refuses(folder, "alertmanager.yml: cannot be written: Read-only file system; paste as")


def test_where_one_cannot_be_written_none_is(folder: Path):
    """Not even where that is seen last of all: its copy's name is too long."""
    longest = folder / f"{'b' * 250}.yml"
    longest.write_bytes((folder / "alertmanager.yml").read_bytes())
    said = "cannot be written: File name too long; paste as whoever may write it and its folder"
    assert_refuses(folder, said, files(folder)[0], str(longest))


@pytest.mark.parametrize("named", ["", "canary", "prod"])
def test_a_prometheus_that_says_no_cluster_or_another_is_told_of_it(folder: Path, named: str):
    """Its external_labels are of all that it sends: nobody else adds one."""
    labels = {"external_labels": {"cluster": named} if named else {}}
    file, _ = files(folder)
    Path(file).write_text(yaml.safe_dump({**THEIR_PROMETHEUS, "global": labels}))
    _, said = paste(folder, file)
    assert ("write `external_labels: {cluster: prod}`" in said) == (named != "prod")
    assert ("found cluster: canary in" in said) == (named == "canary")


def test_what_is_pasted_of_a_build_is_what_their_own_programs_take(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without external_labels; and what they would refuse is not pasted."""
    config = read_config(folder / "shardwatch.yaml")
    (folder / "out/rules/alerts.yaml").unlink()
    write_generated(folder / "out", shardwatch._build_all(config, RulesForm(), ["alerts.build"]))
    (folder / "theirs.yaml").write_text("groups: []\n")
    tools = {str(find_program(each).parent) for each in ("promtool", "amtool")}
    monkeypatch.setenv("PATH", ":".join([*tools, os.environ["PATH"]]))
    monkeypatch.setattr(checking, "which", shutil.which)

    _, said = paste(folder, *files(folder))
    assert SAID_OF_CLUSTER in said
    assert "promtool takes it\n" in said
    assert "amtool takes it\n" in said
    pasted = Path(files(folder)[1]).read_text()
    ours = yaml.safe_load(pasted)["receivers"][0]["name"]
    Path(files(folder)[1]).write_text(pasted.replace("receiver: theirs", f"receiver: {ours}"))
    assert pasted != Path(files(folder)[1]).read_text()
    assert_refuses(folder, "alertmanager.yml: amtool would refuse it: ", "--undo", *files(folder))
    Path(files(folder)[1]).write_text(pasted)
    _, said = paste(folder, "--undo", *files(folder))
    assert ["  promtool takes it", "  amtool takes it"] == said.splitlines()[1::2]

    whole = next((folder / "out/rules").glob("*.yaml"))
    whole.write_text("groups: [{}]\n")
    assert_refuses(folder, "prometheus.yml: promtool would refuse it: ")
    Path(files(folder)[0]).write_text("global: {}\nrule_files:\n- theirs.yaml\nremote_write: 1\n")
    _, said = paste(folder, *files(folder))
    assert "promtool refuses it, as it did before: " in said


@pytest.mark.parametrize("arguments", [(), ("--undo",)])
def test_a_changed_line_is_named_where_the_build_lies_there(folder: Path, arguments: tuple[str]):
    """Of a fragment with hundreds of lines the first that is another; else where it begins."""
    built = shardwatch._build_all(
        read_config(folder / "shardwatch.yaml"), RulesForm(), ["alerts.build"]
    )
    (folder / "out/rules/alerts.yaml").unlink()
    write_generated(folder / "out", built)
    both = files(folder)
    assert 0 == paste(folder, *both)[0]
    file = Path(both[1])
    pasted = file.read_text()
    at = next(i for i, line in enumerate(pasted.splitlines()) if "group_interval: " in line)
    file.write_text(pasted.replace("group_interval: ", "group_interval: 9", 1))
    assert_refuses(
        folder, f"alertmanager.yml:{at + 1}: found 'group_interval: 9", *arguments, *both
    )

    file.write_text(re.sub("group_interval: .*", "routing_key: R01234", pasted, count=1))
    assert_refuses(folder, "found a secret, expected 'group_interval: ", *arguments, *both)
    assert "R01234" not in paste(folder, *arguments, *both)[1]

    (folder / "out/alertmanager-fragment.yml").unlink()
    assert_refuses(folder, "found lines of others, or changed ones", *arguments, *both)
