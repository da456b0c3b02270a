"""Each check finds what it is for, says it, and finds nothing where all is well."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alerts.doctor.checks import (
    alert_path,
    coverage,
    heartbeat,
    joins,
    labels,
    rules,
    scrapes,
    servers,
    sources,
)
from alerts.doctor.diagnosis import diagnose
from alerts.doctor.finding import Harm
from alerts.doctor.seen import Group, Rule, Seen, Silence, Trial
from alerts.doctor.table import BY_ID, CHECKS
from exporters import catalog
from exporters.problems import Problem
from tests.alerts.doctor.seeing import (
    CLUSTER,
    NOW,
    answering,
    both,
    findings,
    ids,
    led,
    samples,
    scraped,
)

OBJECTIVE = Problem("library:chat", 0, 0, "chat-ttft", "found a, expected b", "do c", "")
TOOLS = "shardwatch-tools"


def problem(check: str) -> Callable[[Seen], Seen]:
    """Return a change by which a check of objectives has found something."""
    return lambda seen: replace(seen, problems=(replace(OBJECTIVE, check=check),))


def alertmanager_down(seen: Seen) -> Seen:
    """The second one does not answer."""
    one, other = seen.alertmanagers
    down = replace(other, error=f"{other.url} does not answer: refused")
    return replace(seen, alertmanagers=(one, down))


def ours(config: dict[str, Any], severity: str) -> list[dict[str, Any]]:
    """Return the routes to our receiver of a severity."""
    found = [
        each for each in config["route"]["routes"] if each["receiver"] == f"serving-{severity}"
    ]
    assert found
    return found


def pages_to(receiver: str) -> Callable[[dict[str, Any]], None]:
    """Return a change by which a route takes all pages before ours."""

    def change(config: dict[str, Any]) -> None:
        config["receivers"] += [{"name": "chat", "slack_configs": [{"channel": "#chat"}]}]
        route = {"receiver": receiver, "matchers": ['severity="page"'], "group_by": ["..."]}
        config["route"]["routes"].insert(1, route)

    return change


def set_route(severity: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of our routes of a severity."""
    return lambda config: [each.update(fields) for each in ours(config, severity)] and None


def telling(field: str, value: str) -> Callable[[dict[str, Any]], None]:
    """Return a change by which PagerDuty is told otherwise."""

    def change(config: dict[str, Any]) -> None:
        for receiver in config["receivers"]:
            for each in receiver.get("pagerduty_configs", ()):
                each[field] = value

    return change


def deaf(config: dict[str, Any]) -> None:
    """PagerDuty does not hear of ends."""
    for receiver in config["receivers"]:
        for each in receiver.get("pagerduty_configs", ()):
            each["send_resolved"] = False


def tickets_lost(config: dict[str, Any]) -> None:
    """A route takes all tickets to nobody."""
    route = {"receiver": "nobody", "matchers": ['severity="ticket"']}
    config["route"]["routes"].insert(1, route)


def inhibited(config: dict[str, Any]) -> None:
    """The watchdog, which always fires, inhibits everything else."""
    config["inhibit_rules"].append(
        {"source_match": {"alertname": "Watchdog"}, "target_match_re": {"severity": "page|ticket"}}
    )


def without_inhibition(source: str) -> Callable[[dict[str, Any]], None]:
    """Return a change by which an alert inhibits nothing."""

    def change(config: dict[str, Any]) -> None:
        rules = config["inhibit_rules"]
        left = [each for each in rules if f'alertname="{source}"' not in each["source_matchers"]]
        assert len(left) < len(rules)
        config["inhibit_rules"] = left

    return change


def watchdog_lost(config: dict[str, Any]) -> None:
    """Its route leads to nobody."""
    config["route"]["routes"][0]["receiver"] = "nobody"


def watchdog_seldom(config: dict[str, Any]) -> None:
    """Its route repeats it every four hours."""
    config["route"]["routes"][0]["repeat_interval"] = "4h"


def linking(**links: str) -> Callable[[Seen], Seen]:
    """Return a change by which links of pages lead elsewhere."""

    def change(seen: Seen) -> Seen:
        file = seen.config.file
        changed = file.model_copy(update={"links": file.links.model_copy(update=links)})
        return replace(seen, config=replace(seen.config, file=changed))

    return change


def silenced(*matchers: str) -> Callable[[Seen], Seen]:
    """Return a change by which a silence holds."""
    silence = Silence("id", matchers, "somebody", "noisy", "2027-01-01T00:00:00Z")
    return lambda seen: both(seen, silences=(silence,))


def held(*names: str) -> Callable[[Seen], Seen]:
    """Return a change by which a silence of one objective holds pages that fire."""
    silence = Silence("id", ('slo="chat"',), "somebody", "noisy", "2027-01-01T00:00:00Z")
    pages = ({"alertname": name, "severity": "page", "slo": "chat"} for name in names)
    theirs = {"alertname": "Theirs", "severity": "page", "slo": "chat"}
    firing = tuple((each, ("id",)) for each in (*pages, theirs))
    return lambda seen: both(seen, silences=(silence,), silenced=firing)


def of_group(name: str, **changes: Any) -> Callable[[Seen], Seen]:
    """Return a change of a group that is loaded."""
    return lambda seen: replace(
        seen,
        groups=tuple(
            replace(each, **changes) if each.name == name else each for each in seen.groups or ()
        ),
    )


def without_file(path: str) -> Callable[[Seen], Seen]:
    """Return a change by which a file is not loaded."""
    return lambda seen: replace(
        seen, groups=tuple(each for each in seen.groups or () if each.file != path)
    )


def other_rules(seen: Seen) -> Seen:
    """A rule of the cells has another expression."""
    [cells] = [each for each in seen.groups or () if each.name == "shardwatch-cells"]
    first = replace(cells.rules[0], expr="vector(0)")
    return of_group(cells.name, rules=(first, *cells.rules[1:]))(seen)


def failing(seen: Seen) -> Seen:
    """A rule of the cells ends in an error."""
    [cells] = [each for each in seen.groups or () if each.name == "shardwatch-cells"]
    first = replace(cells.rules[0], error="many-to-many matching")
    return of_group(cells.name, rules=(first, *cells.rules[1:]))(seen)


def strangers(name: str, **labels: str) -> Callable[[Seen], Seen]:
    """Return a change by which somebody else has an alert."""
    rule = Rule(name, is_alert=True, expr="up == 0", labels=labels)
    group = Group("/etc/prometheus/infra.yml", "infra", 60.0, (rule,), evaluated_at=NOW - 5)
    return lambda seen: replace(seen, groups=(*(seen.groups or ()), group))


def twice(seen: Seen) -> Seen:
    """The cells are loaded from a second file."""
    [cells] = [each for each in seen.groups or () if each.name == "shardwatch-cells"]
    return replace(seen, groups=(*(seen.groups or ()), replace(cells, file="rules/old.yaml")))


def left_over(seen: Seen) -> Seen:
    """An objective is loaded that is not built any more."""
    [cells] = [each for each in seen.groups or () if each.name == "shardwatch-cells"]
    gone = replace(cells, file="rules/slo-gone.yaml", name="slo-gone")
    return replace(seen, groups=(*(seen.groups or ()), gone))


def scraped_twice(seen: Seen) -> Seen:
    """A second job has a target of ours."""
    [tools] = [each for each in seen.targets or () if each.job == TOOLS]
    return replace(seen, targets=(*(seen.targets or ()), replace(tools, job="mine")))


def two_exporters(seen: Seen) -> Seen:
    """Two targets serve the same group."""
    [one] = [each for each in seen.targets or () if each.job == "shardwatch-groups"]
    other = replace(one, instance="b:1", url="http://b:1/metrics")
    seen = replace(seen, targets=(*(seen.targets or ()), other))
    whose = [{"job": each.job, "instance": each.instance} for each in (one, other)]
    seen = says(scrapes.serving(catalog.GROUP_UP.name, 15.0), *whose)(seen)
    return says(scrapes.doubled(catalog.GROUP_UP.name, 15.0), CLUSTER, value=2.0)(seen)


def sending(**config: Any) -> Callable[[Seen], Seen]:
    """Return a change of Prometheus's own configuration."""
    return lambda seen: replace(seen, server_config={**(seen.server_config or {}), **config})


def relabeling(**step: Any) -> Callable[[Seen], Seen]:
    """Return a change by which Prometheus relabels what it sends."""
    return sending(alerting={"alert_relabel_configs": [step]})


def group_series(*names: str, instance: str = "a", cluster: str = "demo") -> list[dict[str, str]]:
    """Return the labels of groups that an exporter serves."""
    labels = {**CLUSTER, catalog.CLUSTER: cluster, "instance": instance}
    return [{**labels, catalog.GROUP: name} for name in names]


def says(expr: str, *found: dict[str, str], value: float = 1.0) -> Callable[[Seen], Seen]:
    """Return a change by which a question has this answer."""
    return lambda seen: answering(seen, expr, samples(*found, value=value))


OURS = {"cluster": "demo"}
"""The external labels that are built."""
DROP_PAGES = {
    "alert_relabel_configs": [{"action": "drop", "source_labels": ["severity"], "regex": "page"}]
}
TWO = ("10.0.0.1:9093", "10.0.0.2:9093")


def to_each(*own: dict[str, Any]) -> dict[str, Any]:
    """Return how Prometheus sends to Alertmanagers of which each has steps of its own."""
    return {
        "alertmanagers": [
            {"static_configs": [{"targets": [target]}], **steps}
            for target, steps in zip(TWO, own, strict=True)
        ]
    }


GROUPS = joins.groups_served(15.0)
GPU = {catalog.CLUSTER: "demo", catalog.HOST: "h-g0", catalog.UUID: "GPU-g0"}
TARGET = {"job": TOOLS, "instance": "127.0.0.1:19804"}
TOLD = Trial("owner serving", ("serving-pages",), ("pagerduty",), told_seconds=2.0)

CASES: dict[str, list[tuple[str, Callable[[Seen], Seen], str]]] = {
    "alertmanager/unreachable": [("refused", alertmanager_down, "does not answer: refused")],
    "alertmanager/stale-config": [
        ("a file that it cannot use", lambda seen: both(seen, has_reloaded=False), "earlier one"),
    ],
    "path/no-alertmanager": [
        ("none", lambda seen: replace(seen, sends_to=()), "told to nobody"),
    ],
    "path/alertmanager-missing": [
        ("one of two", lambda seen: replace(seen, sends_to=("10.0.0.1:9093",)),
         "does not send alerts to 10.0.0.2:9093"),
        ("two others", lambda seen: replace(seen, sends_to=("10.9.0.1:9093", "10.9.0.2:9093")),
         "but to 10.9.0.1:9093, 10.9.0.2:9093"),
    ],
    "path/sending-fails": [
        ("errors", says(alert_path.FAILING, {"alertmanager": "http://am"}, value=3.0),
         "could not send about 3 notifications to http://am within 90 s, and failed before"),
    ],
    "path/receiver-fails": [
        ("most requests", says(alert_path.RECEIVERS_FAILING, {"integration": "pagerduty"},
                               value=9.0), "cannot tell pagerduty: more than half"),
        ("all since it began", lambda seen: both(seen, never_told={"webhook": 4.0}),
         "cannot tell webhook: no request has succeeded"),
    ],
    "path/mesh": [
        ("two that are alone", lambda seen: both(seen, peers=None), "knows 1 of 2"),
    ],
    "routes/page-dropped": [
        ("relabeled away", sending(alerting=DROP_PAGES), "alert_relabel_configs drop"),
        ("on the way to one of two", sending(alerting=to_each({}, DROP_PAGES)),
         "alert_relabel_configs drop"),
    ],
    "routes/page-lost": [
        ("to nobody", lambda seen: led(seen, pages_to("nobody")),
         "nobody, which tells nobody, gets"),
    ],
    "routes/wrong-receiver": [
        ("to a channel", lambda seen: led(seen, pages_to("chat")),
         "chat, that is slack (#chat), gets"),
        ("to another server", lambda seen: led(seen, telling("url", "http://elsewhere/enqueue")),
         "serving-pages, that is pagerduty (key, http://elsewhere/enqueue), gets"),
        ("with another key", lambda seen: led(seen, telling("routing_key_file", "/etc/k/other")),
         "serving-pages, that is pagerduty (other), gets"),
    ],
    "routes/key-file": [
        ("another folder", lambda seen: led(seen, telling("routing_key_file", "/etc/k/key")),
         "pages are told with the key in /etc/k/key, which may be another than that in /"),
    ],
    "routes/merged": [
        ("by name", lambda seen: led(seen, set_route("pages", group_by=["alertname"])),
         "not grouped by"),
    ],
    "routes/namesake": [
        ("a page", strangers("HostDown", severity="page"),
         "infra.yml: infra: has alerts called as ours: HostDown"),
        ("of a severity that a template makes", strangers("HostDown", severity="{{ $labels.s }}"),
         "these go to our receivers"),
    ],
    "routes/muted": [
        ("at night", lambda seen: led(seen, set_route("pages", mute_time_intervals=["night"])),
         "the interval night"),
        ("but at work", lambda seen: led(seen, set_route("pages", active_time_intervals=["work"])),
         "the interval work"),
    ],
    "routes/inhibited": [
        ("by the watchdog", lambda seen: led(seen, inhibited), "what fires now, "),
    ],
    "routes/inhibition-missing": [
        ("no rule", lambda seen: led(seen, lambda config: config.update(inhibit_rules=[])),
         "goes without saying while any of ErrorBudgetBurn, "),
        ("of a dead host", lambda seen: led(seen, without_inhibition("HostDown")),
         "goes without saying while any of HostDown fires"),
    ],
    "routes/silenced": [
        ("all pages", silenced('severity="page"'), "covers every page: {severity=\"page\"}"),
        ("all", silenced('alertname=~".+"'), "covers every page and Watchdog"),
        ("the watchdog", silenced('alertname="Watchdog"'), "covers Watchdog"),
    ],
    "routes/held": [
        ("one page", held("ErrorBudgetBurn"),
         "1 page fires now and is held by silence id of somebody until 2027-01-01T00:00:00Z: "
         "ErrorBudgetBurn"),
    ],
    "routes/no-resolve": [
        ("PagerDuty", lambda seen: led(seen, deaf), "pagerduty of serving-pages is not told"),
    ],
    "routes/late": [
        ("five minutes", lambda seen: led(seen, set_route("pages", group_wait="5m")),
         "wait for 5m"),
    ],
    "routes/ticket-lost": [
        ("to nobody", lambda seen: led(seen, tickets_lost), "nobody, which tells nobody, gets"),
    ],
    "watchdog/not-firing": [("absent", says(heartbeat.FIRING), "does not fire")],
    "watchdog/not-arrived": [
        ("not there", lambda seen: both(seen, alerts=()), "is not among its alerts"),
    ],
    "watchdog/not-told": [
        ("to nobody", lambda seen: led(seen, watchdog_lost), "goes to nobody"),
        ("seldom", lambda seen: led(seen, watchdog_seldom), "is told every 4h1m"),
    ],
    "prometheus/stale-config": [
        ("a file that it cannot use", lambda seen: replace(seen, has_reloaded=False), "earlier"),
    ],
    "rules/not-loaded": [
        ("a file", without_file("rules/cells.yaml"), "none of its"),
    ],
    "rules/other-build": [
        ("a rule", other_rules, "1 of its"),
        ("an interval", of_group("shardwatch-cells", interval_seconds=60.0), "every 1m"),
    ],
    "rules/failing": [("an error", failing, "many-to-many matching")],
    "rules/twice": [("two files", twice, "from rules/cells.yaml, rules/old.yaml")],
    "rules/left-over": [("an objective", left_over, "slo-gone")],
    "rules/late": [
        ("slow", of_group("shardwatch-cells", took_seconds=20.0), "takes 20.0 s of 15 s"),
        ("stopped", of_group("shardwatch-cells", evaluated_at=NOW - 90), "evaluated 90 s ago"),
        ("missed", says(rules.MISSED, {"rule_group": "/r/cells.yaml;shardwatch-cells"}, value=4.0),
         "missed about 4"),
    ],
    "topology/unplaced": [],
    "scrape/job-missing": [
        ("a job", lambda seen: replace(
            seen, targets=tuple(each for each in seen.targets or () if each.job != TOOLS)
        ), "has no target of this job"),
    ],
    "scrape/target-down": [
        ("refused", lambda seen: scraped(seen, TOOLS, is_up=False, error="refused"),
         "does not answer: refused"),
    ],
    "scrape/interval": [
        ("every minute", lambda seen: scraped(seen, TOOLS, interval_seconds=60.0),
         "is scraped every 1m"),
    ],
    "scrape/slow": [
        ("nine seconds", lambda seen: scraped(seen, TOOLS, took_seconds=9.4), "takes 9.4 s"),
    ],
    "scrape/twice": [
        ("one address", scraped_twice, "is scraped 2 times"),
        ("two exporters", two_exporters, "1 series of shardwatch_group_up"),
    ],
    "source/down": [
        ("a gateway", says(sources.DOWN, {"exporter": "tools", "source": "gw", "region": "eu",
                                          "reason": "timeout"}), "(timeout): gw in eu"),
    ],
    "exporter/stale-file": [
        ("the topology", says(sources.STALE, {**TARGET, "file": "topology"}), "its topology"),
    ],
    "clock/exporter": [
        ("behind", says(sources.CLOCKS, TARGET, value=-42.0), "its clock is 42 s behind"),
    ],
    "clock/server": [
        ("Prometheus", lambda seen: replace(seen, ahead_seconds=30.0), "30 s ahead of"),
        ("Alertmanager", lambda seen: both(seen, ahead_seconds=-30.0), "30 s behind"),
    ],
    "dialect/unknown": [
        ("other", says(sources.DIALECTS, {"dialect": "other"}, value=2.0), "no version of vLLM"),
    ],
    "dialect/old": [
        ("0.8", says(sources.DIALECTS, {"dialect": "vllm_0_8"}, value=2.0), "speak vllm_0_8"),
        ("Ray's 0.8", says(sources.DIALECTS, {"dialect": "ray_vllm_0_8"}), "ray_vllm_0_8"),
        ("a raw name", says(sources.RAW_NAMES, {"__name__": "vllm:gpu_cache_usage_perc"}),
         "has given that name up"),
    ],
    "join/group-missing": [
        ("one of two", says(GROUPS, *group_series("g0")), "1 of 2 have no series: g1"),
        ("another name of the cluster", says(GROUPS, *group_series("g0", cluster="x")),
         "what is served is of cluster x"),
    ],
    "join/group-unknown": [
        ("a third", says(GROUPS, *group_series("g0", "g1", "g2")),
         "does not have g2 (chat in eu)"),
    ],
    "join/second-cluster": [
        ("another exporter", says(GROUPS, *group_series("g0", "g1"),
                                  *group_series("x0", "x1", instance="b")),
         "serves 2 groups under the cluster demo"),
    ],
    "join/gpu-missing": [
        ("one of two", says(joins.gpus_served(15.0), GPU), "1 of 2 have no series: GPU-g1 on h-g1"),
    ],
    "join/gpu-unknown": [
        ("one of dcgm-exporter's", says(joins.DCGM, {"UUID": "GPU-new"}),
         "shows 1 GPU of no group of the topology: GPU-new"),
    ],
    "join/cells-apart": [
        ("another model", says(joins.cells_served(15.0), CLUSTER, {**CLUSTER, "model": "org/Chat"}),
         "org/Chat in eu, which no group serves"),
        ("a name that nobody knows", says(joins.FOLDED, TARGET, value=2.0),
         "have 2 names of models that no group of their region has"),
        ("another region", says(joins.cells_served(15.0), {**CLUSTER, "region": "eu-west"}),
         "chat in eu-west"),
    ],
    "objective/no-data": [
        (check, problem(check), "found a")
        for check in ("series-missing", "expression-empty", "query-refused")
    ],
    "objective/bucket-missing": [("a bound", problem("bound-missing"), "found a")],
    "objective/retention": [("15 days", problem("window-longer-than-retention"), "found a")],
    "objective/label-missing": [("a label", problem("label-missing"), "found a")],
    "objective/share": [("more than all", problem("part-exceeds-total"), "found a")],
    "objective/interval": [
        (check, problem(check), "found a")
        for check in ("scrape-interval-too-long", "scrape-interval-differs")
    ],
    "labels/exported": [
        ("the region", says(labels.EXPORTED, {**TARGET, "exported_region": "eu"}),
         "exported_region"),
    ],
    "labels/external": [
        ("another cluster", sending(**{"global": {"external_labels": {"cluster": "prod"}}}),
         "cluster: prod, where the topology says demo"),
        ("a region", sending(**{"global": {"external_labels": {**OURS, "region": "us"}}}),
         "region: us, which every alert gets"),
    ],
    "links/own-machine": [
        ("runbooks", linking(runbooks="http://localhost:3000/runbooks"),
         "http://localhost:3000/runbooks, which leads whoever is paged to their own machine"),
        ("boards", linking(grafana="http://127.0.0.1:3000"), "http://127.0.0.1:3000, which leads"),
    ],
    "labels/cluster": [
        ("none", sending(**{"global": {"external_labels": {}}}), "no cluster: alerts of"),
        ("taken away", relabeling(action="labeldrop", regex="cluster|replica"),
         "take cluster away from"),
        ("another region", relabeling(target_label="region", replacement="us"),
         "make region: eu us in"),
        ("no model", relabeling(action="labeldrop", regex="mod.+"), "take model away from"),
    ],
    "labels/replica": [
        ("on alerts",
         sending(**{"global": {"external_labels": {**OURS, "prometheus_replica": "a"}}}),
         "prometheus_replica: a stays on alerts"),
    ],
    "coverage/hour": [
        ("two minutes", says(coverage.hour_gap(15.0), {"slo": "chat-ttft", "region": "eu"},
                             value=120.0), "nothing was recorded for 120 s"),
    ],
    "coverage/period": [],
    "versions/server": [
        ("Prometheus", lambda seen: replace(seen, version="2.37.1"), "is Prometheus 2.37.1"),
        ("Alertmanager", lambda seen: both(seen, version="0.24.0"), "is Alertmanager 0.24.0"),
    ],
    "versions/exporter": [
        ("an older one", says(servers.OTHER_VERSIONS, {**TARGET, "version": "0.0.9"}),
         "is shardwatch 0.0.9"),
    ],
    "test-page/held": [
        ("by a silence", lambda seen: replace(
            seen, trials=(replace(TOLD, told_seconds=None, held_by="by the silence x"),)
        ), "was held back: by the silence x"),
        ("led to nobody", lambda seen: replace(
            seen, trials=(Trial("owner serving", ("nobody",), ()),)
        ), "was led to nobody, where nobody is told"),
    ],
    "test-page/not-told": [
        ("given up", lambda seen: replace(
            seen, trials=(replace(TOLD, told_seconds=None, failed=("pagerduty",)),)
        ), "Alertmanager gave up pagerduty"),
        ("no word", lambda seen: replace(
            seen, trials=(replace(TOLD, told_seconds=None, waited_seconds=60.0),)
        ), "nothing was told within 60 s"),
    ],
    "test-page/not-ended": [
        ("no word", lambda seen: replace(seen, trials=(replace(TOLD, waited_seconds=90.0),)),
         "its end was not told within 90 s"),
    ],
}  # fmt: skip
"""By check: how it is, what changes where all is well, and what is said of it."""


def test_where_all_is_well_nothing_is_found(well: Seen):
    """And every check but those of test pages was made."""
    diagnosis = diagnose(well)

    assert () == diagnosis.findings
    assert {"test-page/held", "test-page/not-told", "test-page/not-ended"} == {
        each.check.id for each in diagnosis.not_looked_at
    }


def test_every_check_has_a_case():
    """A check that nobody has seen find anything is none."""
    assert set(BY_ID) == set(CASES)
    elsewhere = {"coverage/period", "topology/unplaced"}
    assert elsewhere == {check for check, cases in CASES.items() if not cases}


@pytest.mark.parametrize(
    ("check", "change", "said"),
    [(check, change, said) for check, cases in CASES.items() for _, change, said in cases],
    ids=[f"{check}: {how}" for check, cases in CASES.items() for how, _, _ in cases],
)
def test_a_check_finds_what_it_is_for_and_no_other_does(
    well: Seen, check: str, change: Callable[[Seen], Seen], said: str
):
    """What is wrong is named, with what was expected and what to do."""
    found = findings(change(well))

    assert {check} == {each.check.id for each in found}
    texts = [each.found for each in found]
    assert any(said in f"{each.subject}: {each.found}" for each in texts), texts
    assert all(each.subject and each.expected and each.fix for each in texts)
    assert not any(
        text.endswith(".") for each in texts for text in (each.found, each.expected, each.fix)
    )


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(strangers("HostDown", severity="critical"), id="another severity"),
        pytest.param(strangers("HostDown"), id="no severity"),
        pytest.param(strangers("DiskFull", severity="page"), id="another name"),
        pytest.param(strangers("Watchdog", severity="none"), id="a watchdog of theirs"),
    ],
)
def test_an_alert_that_our_route_does_not_take_is_left_alone(
    well: Seen, theirs: Callable[[Seen], Seen]
):
    """Most call their severities otherwise."""
    assert [] == findings(theirs(well))


def test_the_gravest_harm_stands_first(well: Seen):
    """Whatever the order in which it is found."""
    untidy = left_over(says(sources.CLOCKS, TARGET, value=60.0)(well))
    everything = scraped(led(untidy, pages_to("nobody")), TOOLS, is_up=False)

    assert ["routes/page-lost", "scrape/target-down", "clock/exporter", "rules/left-over"] == ids(
        everything
    )
    assert sorted(each.harm for each in CHECKS) == [each.harm for each in CHECKS]
    assert Harm.PAGES_LOST < Harm.RULES_MISSING < Harm.BLIND < Harm.WRONG_DATA < Harm.LATE


def test_a_check_of_what_the_server_does_not_tell_is_not_made(well: Seen):
    """VictoriaMetrics has no targets, and refuses some questions: that is told, nothing found."""
    expr = coverage.hour_gap(15.0)
    values = {name: value for name, value in well.values.items() if name != expr}
    unknown = {**well.unknown, "targets": "no such page", expr: "refused: too much"}
    diagnosis = diagnose(replace(well, targets=None, values=values, unknown=unknown))

    assert () == diagnosis.findings
    reasons = {each.check.id: each.reason for each in diagnosis.not_looked_at}
    assert "no such page" == reasons["scrape/target-down"]
    assert "refused: too much" == reasons["coverage/hour"]
    assert "rules/late" not in reasons
