"""What checks tell apart: what is as it should be, however it is said or loaded."""

import warnings
from dataclasses import replace
from typing import Any

import pytest

from alerts.doctor import trying
from alerts.doctor.checks import coverage, heartbeat, joins, routes, rules, scrapes, sources
from alerts.doctor.diagnosis import PRESENT, diagnose
from alerts.doctor.leading import why_unreadable
from alerts.doctor.relabeling import relabel
from alerts.doctor.seen import Seen, Silence, Trial
from alerts.routing.inhibitions import inhibit_rules
from alerts.routing.names import fragment_naming
from exporters import catalog
from exporters.kubernetes.settings import Kubernetes
from slo.grouping import limit_groups
from slo.rule import RecordingRule, RuleGroup
from tests.alerts.doctor.seeing import answering, both, findings, ids, led, samples


def loaded(seen: Seen, name: str, **changes: object) -> Seen:
    """Return the same where a group that is loaded is another."""
    groups = (replace(each, **changes) if each.name == name else each for each in seen.groups or ())
    return replace(seen, groups=tuple(groups))


def test_sums_of_all_are_the_same_however_that_is_said():
    """Prometheus leaves ``by ()`` out where it prints rules."""
    assert rules._plain("sum by () (a) > 0.9 * sum by () (b)") == rules._plain(
        "sum(a) > 0.9 * sum(b)"
    )
    assert rules._plain("sum by () (a)") != rules._plain("sum by (c) (a)")


def test_a_rule_that_is_printed_otherwise_is_the_same(well: Seen):
    """Prometheus prints expressions anew: spaces, order of matchers, durations."""
    [ttft] = [each for each in well.groups or () if each.name == "slo-chat-ttft"]
    index = next(i for i, rule in enumerate(ttft.rules) if 'le="2.5"' in rule.expr)
    expr = ttft.rules[index].expr
    assert "[1m]" in expr
    assert 'le="2.5",tier!="probe"' in expr
    other = expr.replace("[1m]", "[60s]").replace("\n", "   ")
    other = other.replace('le="2.5",tier!="probe"', 'tier!="probe", le="2.5"')
    rules = list(ttft.rules)
    rules[index] = replace(rules[index], expr=other)

    assert [] == ids(loaded(well, ttft.name, rules=tuple(rules)))


def test_groups_that_were_cut_to_a_limit_of_rules_are_the_same_build(well: Seen):
    """`build --max-rules-per-group` gives the parts of a group numbers."""
    one = RuleGroup("a", 15, tuple(RecordingRule(f"r:{n}", "1") for n in range(40)))
    parts = [each.name for each in limit_groups([one], 20)]
    assert ["a", "a-2"] == parts
    [cells] = [each for each in well.groups or () if each.name == "shardwatch-cells"]
    first, second = (
        replace(cells, rules=cells.rules[:9]),
        replace(cells, name=f"{cells.name}-2", rules=cells.rules[9:]),
    )
    others = tuple(each for each in well.groups or () if each.name != cells.name)

    assert [] == ids(replace(well, groups=(*others, first, second)))
    [found] = findings(replace(well, groups=(*others, first)))
    assert "rules/other-build" == found.check.id


def test_an_objective_that_is_called_as_a_part_of_another_is_none(well: Seen):
    """``slo-chat-ttft-5`` is built: it is itself, and does not stand for ``slo-chat-ttft``."""
    [ttft] = [each for each in well.built if each.name == "slo-chat-ttft"]
    other = replace(ttft, file="rules/slo-chat-ttft-5.yaml", name="slo-chat-ttft-5",
                    rules=ttft.rules[:5])  # fmt: skip
    seen = replace(well, built=(*well.built, other), groups=(*(well.groups or ()), other))

    assert [] == ids(seen)
    without = tuple(each for each in seen.groups or () if each.file != ttft.file)
    [found] = findings(replace(seen, groups=without))
    assert ("rules/not-loaded", ttft.file) == (found.check.id, found.found.subject)


def test_an_alert_that_says_less_is_another_build(well: Seen):
    """Annotations are what people read at night."""
    [alerts] = [each for each in well.groups or () if each.name == "shardwatch-alerts"]
    index = next(i for i, rule in enumerate(alerts.rules) if rule.is_alert)
    rules = list(alerts.rules)
    rules[index] = replace(rules[index], annotations={"summary": "down"})

    assert ["rules/other-build"] == ids(loaded(well, alerts.name, rules=tuple(rules)))


def test_a_silence_of_one_objective_is_somebodys_work(well: Seen):
    """Only what covers every page is told."""
    one = Silence("id", ('slo="chat-ttft"',), "somebody", "", "2027-01-01T00:00:00Z")
    assert [] == ids(both(well, silences=(one,)))


def test_a_stricter_rule_of_inhibition_holds_nothing_back_while_its_source_is_silent(well: Seen):
    """What does not fire inhibits nothing."""

    def change(config):
        rule = {"source_matchers": ['alertname="ClusterDown"'], "target_matchers": ['slo!=""']}
        config["inhibit_rules"].append(rule)

    quiet = led(well, change)
    assert [] == ids(quiet)
    firing = tuple(
        replace(each, alerts=(*each.alerts, {"alertname": "ClusterDown"}))
        for each in quiet.alertmanagers
    )
    assert {"routes/inhibited"} == set(ids(replace(quiet, alertmanagers=firing)))


def test_pages_that_more_people_hear_of_are_well_led(well: Seen):
    """A route of theirs before ours that goes on takes nothing away."""

    def change(config):
        config["receivers"].append({"name": "chat", "slack_configs": [{"channel": "#chat"}]})
        route = {"receiver": "chat", "matchers": ['severity="page"'], "continue": True,
                 "group_by": ["..."]}  # fmt: skip
        config["route"]["routes"].insert(1, route)

    assert [] == ids(led(well, change))


def test_a_catch_all_that_merges_takes_nothing_from_pagerdutys_own_route(well: Seen):
    """Every page is still an incident there."""

    def change(config):
        config["receivers"].append({"name": "log", "webhook_configs": [{"url": "http://log"}]})
        route = {"receiver": "log", "continue": True, "group_by": ["alertname"]}
        config["route"]["routes"].insert(1, route)

    assert [] == ids(led(well, change))


@pytest.mark.parametrize("written", ["[[:alpha:]]+", r"\\pL+"])
def test_an_expression_that_python_reads_otherwise_is_not_judged(well: Seen, written: str):
    """RE2 knows classes by names, of which Python warns, and others that it does not know."""

    def change(config):
        route = {"receiver": "nobody", "matchers": [f'region=~"{written}"']}
        config["route"]["routes"].insert(1, route)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = why_unreadable(led(well, change).alertmanagers)
    assert "cannot be read here: region=~" in said


def test_a_second_route_of_pagerdutys_that_merges_takes_no_incident_away(well: Seen):
    """Each page is one by the other."""

    def change(config):
        route = {"receiver": "serving-pages", "matchers": ['severity="page"'], "continue": True,
                 "group_by": ["alertname"]}  # fmt: skip
        config["route"]["routes"].insert(1, route)

    assert [] == ids(led(well, change))


def test_pagerdutys_route_merges_whatever_others_make_of_pages(well: Seen):
    """A log of them wakes nobody."""

    def change(config):
        config["receivers"].append({"name": "log", "webhook_configs": [{"url": "http://log"}]})
        for each in config["route"]["routes"]:
            if each["receiver"] == "serving-pages":
                each["group_by"] = ["alertname"]
        route = {"receiver": "log", "continue": True, "group_by": ["..."]}
        config["route"]["routes"].insert(1, route)

    assert {"routes/merged"} == set(ids(led(well, change)))


def test_labels_that_a_page_does_not_have_tell_it_apart_from_none(well: Seen):
    """Pages of objectives say no cluster here, and need not be grouped by it."""
    config = {**(well.server_config or {}), "global": {"external_labels": {}}}
    of_objectives = tuple(each for each in well.built if each.file.startswith("rules/slo-"))
    seen = replace(well, server_config=config, built=of_objectives)

    def group_by_cell(config, *more: str):
        for each in config["route"]["routes"]:
            if each["receiver"] == "serving-pages":
                each["group_by"] = ["region", *more]

    assert [] == [*routes.find_merged(led(seen, lambda each: group_by_cell(each, "model")))]
    [found] = routes.find_merged(led(seen, group_by_cell))
    assert "pages to serving-pages are not grouped by model:" in found.found


def test_what_our_own_rules_hold_back_is_meant_to(well: Seen):
    """The page of a region that is down stands for those of its cells."""
    down = {"alertname": "RegionDown", "severity": "page", "cluster": "demo", "region": "eu"}
    firing = tuple(replace(each, alerts=(*each.alerts, down)) for each in well.alertmanagers)

    assert [] == ids(replace(well, alertmanagers=firing))


@pytest.mark.parametrize(
    ("fires_seconds", "up_seconds", "expected"),
    [(119.0, 3600.0, set()), (3600.0, 119.0, set()), (120.0, 120.0, {"watchdog/not-arrived"})],
)
def test_a_watchdog_has_two_minutes_to_arrive(
    well: Seen, fires_seconds: float, up_seconds: float, expected: set[str]
):
    """Since Prometheus fires it, and since Alertmanager runs."""
    seen = answering(well, heartbeat.FIRING, samples({}, value=fires_seconds))

    assert expected == set(ids(both(seen, alerts=(), up_seconds=up_seconds)))


class Slow:
    """An Alertmanager that has taken an alert, and has not led it anywhere yet."""

    def __init__(self, labels: dict[str, str]) -> None:
        self._answers = [
            {"labels": labels, "status": {"state": "unprocessed"}, "receivers": []},
            {"labels": labels, "status": {"state": "active"}, "receivers": [{"name": "a"}]},
        ]

    async def alerts(self, *_: str) -> list[dict[str, object]]:
        """Return the alert, a step further each time."""
        return [self._answers.pop(0)]


async def test_a_page_that_is_not_processed_yet_is_led_nowhere_yet(monkeypatch):
    """Nobody would be said to be told of it."""
    monkeypatch.setattr(trying, "LOOK_SECONDS", 0.0)
    labels = {"slo": "x", "alertname": "A"}
    page = trying.Page("no owner", labels, {"webhook": 1}, 0.0, 0.0)

    trial = await trying._arrival(Trial("no owner", (), ()), page, [Slow(labels)])

    assert (("a",), "") == (trial.receivers, trial.held_by)


def test_exporters_that_are_named_for_kubernetes_are_expected(well: Seen):
    """They have no addresses in the configuration."""
    file = well.config.file
    bare = file.exporters.model_copy(update={"tools": []})
    update = {"exporters": bare, "kubernetes": Kubernetes(exporters=["tools"])}
    config = replace(well.config, file=file.model_copy(update=update))
    targets = tuple(each for each in well.targets or () if each.job != "shardwatch-tools")
    [found] = findings(replace(well, config=config, targets=targets))

    assert ("scrape/job-missing", "shardwatch-tools") == (found.check.id, found.found.subject)


def for_kubernetes(seen: Seen, *names: str, tools: list[str] | None = None) -> Seen:
    """Return the same where these exporters are named for Kubernetes, and tools at addresses."""
    file = seen.config.file
    bare = file.exporters.model_copy(update={"tools": tools or []})
    update = {"exporters": bare, "kubernetes": Kubernetes(exporters=list(names))}
    if not names:
        update["kubernetes"] = Kubernetes()
    return replace(seen, config=replace(seen.config, file=file.model_copy(update=update)))


def without_tools(seen: Seen) -> Seen:
    """Return the same where Prometheus scrapes no tools."""
    targets = tuple(each for each in seen.targets or () if each.job != "shardwatch-tools")
    return replace(seen, targets=targets)


def test_exporters_of_kubernetes_are_missed_once_and_only_where_they_are_to_be(well: Seen):
    """Not if they are scraped, have an address, have nothing to read, or nobody named them."""
    assert [] == ids(for_kubernetes(well, "tools"))
    assert ["scrape/job-missing"] == ids(
        without_tools(for_kubernetes(well, "tools", tools=["t:1"]))
    )
    assert [] == ids(without_tools(for_kubernetes(well)))
    idle = without_tools(for_kubernetes(well, "tools"))
    topology = idle.config.topology.model_copy(update={"tools": []})
    assert [] == ids(replace(idle, config=replace(idle.config, topology=topology)))


def test_a_key_that_stands_in_alertmanagers_own_file_is_taken_for_ours(well: Seen):
    """Alertmanager blots secrets out, so that nobody can tell whose they are."""

    def change(config):
        for receiver in config["receivers"]:
            for each in receiver.get("pagerduty_configs", ()):
                del each["routing_key_file"]
                each["routing_key"] = "<secret>"

    assert [] == ids(led(well, change))


def test_all_groups_without_a_series_are_one_exporter_that_is_not_scraped(well: Seen):
    """Another check tells that; a list of every group would bury it."""
    assert [] == ids(answering(well, joins.groups_served(15.0), ()))


def test_a_member_without_listed_gpus_may_have_any(well: Seen):
    """Then they are those that telemetry shows."""
    topology = well.config.topology
    first = topology.groups[0]
    bare = first.model_copy(update={"members": [first.members[0].model_copy(update={"gpus": []})]})
    groups = [bare, *topology.groups[1:]]
    config = replace(well.config, topology=topology.model_copy(update={"groups": groups}))
    seen = replace(well, config=config)

    assert [] == ids(answering(seen, joins.DCGM, samples({"UUID": "GPU-any"})))


def test_what_a_target_that_was_removed_served_last_is_nobodys(well: Seen):
    """Prometheus may show it for five minutes: two exporters, or a clock that stands."""
    name, gone = catalog.GROUP_UP.name, {"job": "shardwatch-groups", "instance": "gone:1"}
    seen = answering(well, sources.CLOCKS, samples(gone, value=-60.0))
    seen = answering(seen, scrapes.serving(name, 15.0), samples(gone))

    assert [] == ids(answering(seen, scrapes.doubled(name, 15.0), samples({}, value=2.0)))


def test_a_young_cluster_has_no_gap(well: Seen):
    """36 s of an hour are 1 %."""
    expr = coverage.hour_gap(15.0)
    few = samples({"slo": "chat-ttft"}, value=30.0)
    assert [] == ids(answering(well, expr, few))


def test_a_gap_in_a_period_is_told_in_hours(well: Seen):
    """1 % of 28 days is 6.7 hours."""
    [objective] = [each for each in well.objectives if each.name == "chat-ttft"]
    expr = coverage.period_gap(objective)
    labels = {"slo": "chat-ttft", "service": "inference", "window": "28d", "region": "eu"}
    [found] = findings(answering(well, expr, samples(labels, value=8 * 3600.0)))

    assert "coverage/period" == found.check.id
    assert "8.0 h of the period of 28d are missing, in eu: the budget is unknown" == (
        found.found.found
    )


def test_models_of_no_group_that_routers_fold_are_no_model(well: Seen):
    """`other` is what nobody named."""
    cell = {catalog.CLUSTER: "demo", catalog.REGION: "eu", catalog.MODEL: catalog.OTHER}
    assert [] == ids(answering(well, joins.cells_served(15.0), samples(cell)))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"action": "drop", "source_labels": ["severity"], "regex": "page"}, None),
        ({"action": "drop", "source_labels": ["severity"], "regex": "pag"}, "same"),
        ({"action": "keep", "source_labels": ["severity"], "regex": "ticket"}, None),
        ({"action": "keep", "source_labels": ["severity", "slo"], "regex": "page;chat"}, "same"),
        ({"action": "labeldrop", "regex": "slo|replica"}, {"severity": "page"}),
        ({"action": "labelkeep", "regex": "slo"}, {"slo": "chat"}),
        (
            {"source_labels": ["slo"], "regex": "(.)hat", "target_label": "team",
             "replacement": "${1}-$1$2"},
            {"severity": "page", "slo": "chat", "team": "c-c"},
        ),
        ({"source_labels": ["slo"], "regex": "x", "target_label": "slo"}, "same"),
        ({"target_label": "slo", "replacement": ""}, {"severity": "page"}),
        ({"action": "dropequal", "source_labels": ["severity"], "target_label": "slo"}, "same"),
        ({"action": "dropequal", "source_labels": ["team"], "target_label": "cell"}, None),
        ({"action": "keepequal", "source_labels": ["severity"], "target_label": "slo"}, None),
        ({"action": "keepequal", "source_labels": ["slo"], "target_label": "slo"}, "same"),
        (
            {"action": "labelmap", "regex": "s(.+)", "replacement": "our_${1}"},
            {"severity": "page", "slo": "chat", "our_everity": "page", "our_lo": "chat"},
        ),
        (
            {"action": "labelmap", "regex": "slo", "replacement": "severity"},
            {"severity": "chat", "slo": "chat"},
        ),
        (
            {"action": "Uppercase", "source_labels": ["slo"], "target_label": "slo"},
            {"severity": "page", "slo": "CHAT"},
        ),
        ({"action": "hashmod", "source_labels": ["slo"], "modulus": 2, "target_label": "s"},
         "same"),
    ],
)  # fmt: skip
def test_alerts_are_relabeled_as_prometheus_does(step, expected):
    """An expression matches the whole value; what is empty is gone."""
    labels = {"severity": "page", "slo": "chat"}
    assert (labels if expected == "same" else expected) == relabel(labels, [step])


def test_rules_of_inhibition_may_be_the_fragments(well: Seen):
    """Which name our alerts, and the cluster where others' are there."""
    config, objectives = well.config, well.objectives
    labels = sorted({name for each in objectives for name in each.grouping_labels})
    alerts = {rule.name for group in well.built for rule in group.rules if rule.is_alert}
    theirs = {"source_matchers": ['a="b"'], "target_matchers": ['c="d"']}
    for shared_by in ("", "demo"):
        rules = inhibit_rules(config.file, objectives, labels, fragment_naming(alerts, shared_by))
        mixed = [theirs, *rules]
        assert [] == ids(led(well, lambda live, mixed=mixed: live.update(inhibit_rules=mixed)))

    other = inhibit_rules(config.file, objectives, labels, fragment_naming(alerts, "other"))
    assert ["routes/inhibition-missing"] == ids(
        led(well, lambda live: live.update(inhibit_rules=other))
    )


def test_a_check_that_has_nothing_to_look_at_is_not_made(well: Seen):
    """A Prometheus that does not scrape itself does not tell whether it can send."""
    there = [each for each in well.vector(PRESENT) if "prometheus_" not in each.labels["__name__"]]
    seen = answering(well, PRESENT, there)
    said = {each.check.id: each.reason for each in diagnose(seen).not_looked_at}

    assert [] == ids(seen)
    assert said["path/sending-fails"] == (
        "Prometheus has no prometheus_notifications_errors_total or "
        "prometheus_notifications_dropped_total: let it scrape itself"
    )
    assert "path/receiver-fails" not in said
    assert ["path/receiver-fails"] == ids(both(answering(seen, PRESENT, ()),
                                               never_told={"webhook": 4.0}))  # fmt: skip


def test_where_no_alertmanager_answers_its_checks_are_not_made(well: Seen):
    """Rather than to find nothing in what nobody told."""
    seen = both(well, error="does not answer")
    assert {"alertmanager/unreachable"} == {*ids(seen)}
    skipped = {each.check.id for each in diagnose(seen).not_looked_at}
    assert {"alertmanager/stale-config", "watchdog/not-arrived", "routes/silenced"} <= skipped


def test_a_cluster_that_relabeling_adds_is_said(well: Seen):
    """What counts is what is sent."""
    step = {"target_label": "cluster", "replacement": "demo"}
    server = {
        **(well.server_config or {}),
        "global": {"external_labels": {}},
        "alerting": {"alert_relabel_configs": [step]},
    }
    assert [] == ids(replace(well, server_config=server))


def test_what_is_relabeled_for_an_alertmanager_of_other_people_is_theirs(well: Seen):
    """Where ours are named by their targets; else any entry may be ours."""
    drops = {"alert_relabel_configs": [{"action": "drop", "regex": ".*"}]}
    theirs = {"static_configs": [{"targets": ["10.9.9.9:9093"]}], **drops}
    ours = {"static_configs": [{"targets": ["10.0.0.1:9093", "10.0.0.2:9093"]}]}
    found = {"kubernetes_sd_configs": [{"role": "pod"}], **drops}

    def said(*entries: dict[str, object]) -> list[str]:
        server = {**(well.server_config or {}), "alerting": {"alertmanagers": [*entries]}}
        return ids(replace(well, server_config=server))

    assert ([], []) == (said(ours, theirs), said(ours, found))
    assert "routes/page-dropped" in said(found)


def test_a_replica_must_leave_alerts_on_the_way_to_every_alertmanager(well: Seen):
    """By a step for all, or by one of each."""
    config = well.server_config or {}
    labels = {"external_labels": {"cluster": "demo", "replica": "a"}}
    leaves = {"alert_relabel_configs": [{"action": "labeldrop", "regex": "replica"}]}
    first, second = ({"static_configs": [{"targets": [f"10.0.0.{each}:9093"]}]} for each in (1, 2))

    def said(*entries: dict[str, object]) -> list[str]:
        alerting = {"alertmanagers": [*entries]}
        return ids(replace(well, server_config={**config, "global": labels, "alerting": alerting}))

    assert [] == said({**first, **leaves}, {**second, **leaves})
    assert ["labels/replica"] == said({**first, **leaves}, second)


def test_a_region_that_all_are_in_may_be_an_external_label(well: Seen):
    """It is so of every alert; a region that has a router alone is another."""
    config = well.server_config or {}
    seen = replace(well, server_config={
        **config, "global": {"external_labels": {"cluster": "demo", "region": "eu"}}})  # fmt: skip
    assert [] == ids(seen)

    topology = well.config.topology
    [router] = topology.routers
    other = topology.model_copy(update={"routers": [router.model_copy(update={"region": "us"})]})
    assert ["labels/external"] == [
        each.check.id
        for each in findings(replace(seen, config=replace(well.config, topology=other)))
        if each.check.id.startswith("labels/")
    ]


def test_a_page_that_lacks_only_its_cluster_is_to_be_given_it(well: Seen):
    """Where lines of several clusters lead by it: a route before all others would help nobody."""

    def led_by_cluster(config: dict[str, Any], theirs: str) -> None:
        """Ours takes what says the cluster alone; all else goes to others."""
        config["receivers"] += [
            {"name": "hook", "webhook_configs": [{"url": "http://theirs"}]},
            {"name": "their key", "pagerduty_configs": [{"routing_key": "<secret>"}]},
            {"name": "nobody"},
        ]
        ours = {**config["route"], "matchers": ['cluster="demo"'], "continue": False}
        config["route"] = {"receiver": theirs, "routes": [ours]}

    bare = {**(well.server_config or {}), "global": {}}
    labels = "write `external_labels: {cluster: demo}` under global of prometheus.yml"
    for theirs, check in (
        ("hook", "routes/wrong-receiver"),
        ("their key", "routes/merged"),
        ("nobody", "routes/page-lost"),
    ):
        seen = led(well, lambda config, name=theirs: led_by_cluster(config, name))
        assert check not in ids(seen)
        found = findings(replace(seen, server_config=bare))
        assert check == found[0].check.id
        assert labels in found[0].found.fix
        assert "fragment" not in found[0].found.fix
        assert check not in ids(replace(seen, server_config=None))  # vmalert adds what nobody asks
