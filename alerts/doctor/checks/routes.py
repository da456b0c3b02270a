"""Where the live configuration of Alertmanager leads pages and tickets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from alerts.alertmanager.routes import Route
from alerts.doctor.checks.labels import external_cluster
from alerts.doctor.examples import Example, dropped, examples, kinds
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.leading import Leading, Way, built_leading, by_config
from alerts.doctor.seen import Seen
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions

LONGEST_WAIT_SECONDS = 60.0
"""Chosen: a minute more is what it takes to open a laptop."""
_FRAGMENT = (
    "merge alertmanager-fragment.yml, which `shardwatch build` writes, before your own routes (its "
    "header says how) and reload Alertmanager"
)

_BEFORE_THEIRS = f"let a route of theirs stand before the one that takes them: {_FRAGMENT}"


def find_dropped(seen: Seen) -> Iterator[Found]:
    """Yield the pages that Prometheus drops instead of sending them."""
    lost = dropped(seen, conventions.PAGE)
    if lost:
        yield Found(
            seen.url,
            f"alert_relabel_configs drop {kinds(lost, 'pages')}",
            "every page sent",
            "remove the step that drops them from `alerting.alert_relabel_configs` of "
            "prometheus.yml, or from those of one of its alertmanagers, and reload it",
        )


def find_page_lost(seen: Seen) -> Iterator[Found]:
    """Yield the pages that are led to receivers that tell nobody."""
    yield from _lost(seen, conventions.PAGE, "pages", "a receiver that wakes somebody")


def find_ticket_lost(seen: Seen) -> Iterator[Found]:
    """Yield the tickets that are led to nobody, though the configuration says to whom."""
    yield from _lost(seen, conventions.TICKET, "tickets", "a receiver that somebody reads")


def find_wrong_receiver(seen: Seen) -> Iterator[Found]:
    """Yield the pages that are told to others than the configuration says."""
    should = built_leading(seen)
    pages = examples(seen, conventions.PAGE)
    for urls, leading, _ in by_config(seen.answering):
        astray: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
        for page in pages:
            told, wanted = leading.ways(page.labels), should.ways(page.labels)
            if told and not _has_all(told, wanted):
                cure = _clusterless(seen, leading, page, wanted) or _BEFORE_THEIRS
                astray[_words(told), _words(wanted), cure].append(page)
        for (ways, expected, cure), those in astray.items():
            names = listed(name for page in those for name in leading.receivers(page.labels))
            yield Found(
                urls,
                f"{names}, that is {ways}, gets {kinds(those, 'pages')}",
                expected,
                cure,
            )


def find_other_folder(seen: Seen) -> Iterator[Found]:
    """Yield files of keys that are called as the configured ones and lie elsewhere."""
    should = built_leading(seen)
    for urls, leading, _ in by_config(seen.answering):
        files = {
            (told.file, wanted.file)
            for page in examples(seen, conventions.PAGE)
            for wanted in should.ways(page.labels)
            for told in leading.ways(page.labels)
            if told.is_as(wanted) and told.file and told.file != wanted.file
        }
        for told, wanted in sorted(files):
            yield Found(
                urls,
                f"pages are told with the key in {told}, which may be another than that in "
                f"{wanted}",
                wanted,
                "see that both hold one key; a link at the one path to the other, and that path in "
                f"{seen.config.path.name} and in alertmanager.yml, makes them the same",
            )


def find_merged(seen: Seen) -> Iterator[Found]:
    """Yield pages of several cells that are one incident, of which the second wakes nobody."""
    should = built_leading(seen)
    for urls, leading, _ in by_config(seen.answering):
        merged: dict[tuple[str, tuple[str, ...], str], list[Example]] = defaultdict(list)
        for page in examples(seen, conventions.PAGE):
            apart, wanted = _incident(should, page), should.ways(page.labels)
            cure = _clusterless(seen, leading, page, wanted)
            for route in _merging(leading, page, wanted, apart):
                merged[route.receiver, _lacking(route, apart), cure].append(page)
        for (receiver, lacking, cure), those in merged.items():
            yield Found(
                urls,
                f"pages to {receiver} are not grouped by {', '.join(lacking)}: while one is open "
                f"another wakes nobody; {kinds(those, 'pages')}",
                "an incident for each objective and cell",
                cure or f"add {', '.join(lacking)} to group_by of that route; or {_FRAGMENT}",
            )


def find_late(seen: Seen) -> Iterator[Found]:
    """Yield routes that wait long before they tell of a page."""
    longest = max(LONGEST_WAIT_SECONDS, seen.config.file.alertmanager.group_wait)
    for urls, leading, _ in by_config(seen.answering):
        slow = {
            (route.receiver, route.group_wait_seconds)
            for page in examples(seen, conventions.PAGE)
            for route in leading.routes(page.labels)
            if route.group_wait_seconds > longest
        }
        for receiver, seconds in sorted(slow):
            yield Found(
                urls,
                f"pages to {receiver} wait for {format_duration(seconds)} before they are told",
                f"no more than {format_duration(longest)}",
                f"write `group_wait: {format_duration(seen.config.file.alertmanager.group_wait)}` "
                "into that route",
            )


def find_no_resolve(seen: Seen) -> Iterator[Found]:
    """Yield receivers of pages that are not told of their ends."""
    for urls, leading, _ in by_config(seen.answering):
        deaf = {
            (each.receiver, each.name)
            for page in examples(seen, conventions.PAGE)
            for each in leading.told(page.labels)
            if not each.sends_resolved and each.name in ("pagerduty", "opsgenie", "webhook")
        }
        for receiver, kind in sorted(deaf):
            yield Found(
                urls,
                f"{kind} of {receiver} is not told when pages end: incidents stay open, and the "
                "next page of the same cell wakes nobody",
                "send_resolved: true",
                f"remove `send_resolved: false` from {kind}_configs of {receiver}, and reload",
            )


def _lost(seen: Seen, severity: str, what: str, expected: str) -> Iterator[Found]:
    should = built_leading(seen)
    for urls, leading, _ in by_config(seen.answering):
        by_cure: dict[str, list[Example]] = defaultdict(list)
        for each in examples(seen, severity):
            wanted = should.ways(each.labels)
            if not leading.ways(each.labels) and (severity == conventions.PAGE or wanted):
                by_cure[_clusterless(seen, leading, each, wanted)].append(each)
        for cure, lost in by_cure.items():
            names = listed(name for each in lost for name in leading.receivers(each.labels))
            ways = _words({way for each in lost for way in should.ways(each.labels)})
            yield Found(
                urls,
                f"{names}, which tells nobody, gets {kinds(lost, what)}",
                ways if ways != "nobody" else expected,
                cure or _FRAGMENT
                if ways != "nobody"
                else f"say who is told in {seen.config.path.name}, as pagerduty or under "
                "alertmanager.receivers, build, and reload Alertmanager",
            )


def _clusterless(seen: Seen, leading: Leading, page: Example, wanted: Iterable[Way]) -> str:
    """Return what to do if it is only its cluster that a page lacks; empty if that leads nowhere.

    Lines of several clusters on one Alertmanager lead by it.
    """
    cluster = seen.config.topology.cluster
    labels = {**page.labels, catalog.CLUSTER: cluster}
    led = leading.routes(labels)
    if not led or led == leading.routes(page.labels) or not _has_all(leading.ways(labels), wanted):
        return ""
    return (
        "say of which cluster alerts are, for its routes take those alone: "
        f"{external_cluster(seen)}, and reload Prometheus"
    )


def _incident(should: Leading, page: Example) -> set[str]:
    """Return the labels that tell a page's incident from others, as ``build`` groups it."""
    groups = [{*(route.group_by or ())} for route in should.routes(page.labels)]
    return set.intersection(*groups, {*page.labels}) if groups else {*page.cell}


def _merging(
    leading: Leading, page: Example, wanted: Iterable[Way], apart: set[str]
) -> list[Route]:
    """Return the routes that merge a page with others where no other on the same way does not."""
    routes = leading.routes(page.labels)
    by_way = [
        [each for each in routes if any(own.is_as(way) for own in leading.ways_of(each))]
        for way in wanted
    ]
    found: list[Route] = []
    for those in [each for each in by_way if each] or [routes]:
        if all(_lacking(each, apart) for each in those):
            found += [each for each in those if each not in found]
    return found


def _lacking(route: Route, apart: set[str]) -> tuple[str, ...]:
    return () if route.group_by is None else tuple(sorted(apart - {*route.group_by}))


def _has_all(told: Iterable[Way], expected: Iterable[Way]) -> bool:
    every = list(told)
    return all(any(way.is_as(other) for other in every) for way in expected)


def _words(ways: Iterable[Way]) -> str:
    return listed(map(str, ways)) or "nobody"


CHECKS = (
    Check("routes/page-dropped", Harm.PAGES_LOST, "Prometheus relabels pages away before it sends "
          "them.", find_dropped, needs=("server_config",)),
    Check("routes/page-lost", Harm.PAGES_LOST, "Pages are led to a receiver that tells nobody.",
          find_page_lost, needs=("are_readable",)),
    Check("routes/wrong-receiver", Harm.PAGES_LOST, "Pages are told to others than the "
          "configuration says.", find_wrong_receiver, needs=("are_readable",)),
    Check("routes/merged", Harm.PAGES_LOST, "Pages of several cells are one incident, of which "
          "only the first wakes somebody.", find_merged, needs=("are_readable",)),
    Check("routes/key-file", Harm.UNTIDY, "The key that pages are told with is in a file of the "
          "same name in another folder: it may be another.", find_other_folder,
          needs=("are_readable",)),
    Check("routes/no-resolve", Harm.LATE, "Receivers of pages do not hear of their ends.",
          find_no_resolve, needs=("are_readable",)),
    Check("routes/late", Harm.LATE, "Pages wait for more than a minute before they are told.",
          find_late, needs=("are_readable",)),
    Check("routes/ticket-lost", Harm.LATE, "Tickets are told to nobody, though the configuration "
          "says to whom.", find_ticket_lost, needs=("are_readable",)),
)  # fmt: skip
