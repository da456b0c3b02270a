"""Pages that reach Alertmanager and are held back there: muted, inhibited, silenced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alerts.alertmanager.inhibiting import Inhibition, read_inhibitions
from alerts.alertmanager.matching import Matcher, match_all, parse_matchers
from alerts.doctor.examples import examples, kinds, watchdog
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.leading import Leading, built_leading, by_config, require_readable
from alerts.doctor.seen import Alertmanager, Labels, Seen, Silence
from alerts.lint.report import number_of
from alerts.routing.inhibitions import inhibit_rules
from alerts.routing.names import SEVERITIES, Naming, fragment_naming
from alerts.watchdog import WATCHDOG
from exporters import catalog
from slo import conventions

_KIND = (conventions.ALERTNAME, conventions.SLO, conventions.SEVERITY, conventions.BURN_TIER)
_OF_A_GROUP = {catalog.GROUP: catalog.OTHER, catalog.HOST: catalog.OTHER}


def find_muted(seen: Seen) -> Iterator[Found]:
    """Yield routes of pages that tell nobody at some time of the week."""
    for urls, leading, _ in by_config(seen.answering):
        muted = {
            (route.receiver, name)
            for page in examples(seen, conventions.PAGE)
            for route in leading.routes(page.labels)
            for name in (*route.muted_in, *route.active_in)
        }
        for receiver, name in sorted(muted):
            yield Found(
                urls,
                f"pages to {receiver} are told at times only: the route names the interval {name}",
                "pages at any time; tickets may wait",
                "remove mute_time_intervals and active_time_intervals from that route, or let "
                f'pages take another before it (`matchers: [{conventions.SEVERITY}="page"]`)',
            )


def find_inhibited(seen: Seen) -> Iterator[Found]:
    """Yield rules of inhibition, none of ours, by which what fires now holds pages back."""
    pages = examples(seen, conventions.PAGE)
    ours = _our_inhibitions(seen)
    for each in seen.answering:
        firing = [watchdog(seen).labels, *each.alerts]
        for rule in Leading(each.config).inhibitions:
            if rule in ours:
                continue
            held = [page for page in pages if rule.mutes(page.labels, firing)]
            if held:
                yield Found(
                    each.url,
                    f"what fires now, {_written(rule.source)}, inhibits {kinds(held, 'pages')}",
                    "pages that nothing but a region that is down holds back",
                    "narrow target_matchers of the rule of inhibit_rules with source_matchers "
                    f"{_written(rule.source)}, or give it `equal` labels",
                )


def find_inhibition_missing(seen: Seen) -> Iterator[Found]:
    """Yield configurations that let be told what goes without saying by the one that is built."""
    built = built_leading(seen).inhibitions
    pairs = list(_spared(seen, built))
    for urls, leading, _ in by_config(seen.answering):
        sources = {
            source[conventions.ALERTNAME]
            for source, target in pairs
            if not any(rule.mutes(target, [source]) for rule in leading.inhibitions)
        }
        if sources:
            yield Found(
                urls,
                f"does not inhibit all that goes without saying while any of {listed(sources)} "
                "fires: people are told of it as well",
                f"the {number_of(len(built), 'rule')} of inhibit_rules that are built",
                "merge inhibit_rules of alertmanager-fragment.yml, which `shardwatch build` "
                "writes, into yours (its header says how) and reload Alertmanager",
            )


def _spared(seen: Seen, rules: Iterable[Inhibition]) -> Iterator[tuple[Labels, Labels]]:
    """Yield alerts of one cell, of each kind one: what fires, and what a rule inhibits then."""
    found: dict[tuple[str, ...], Labels] = {}
    for severity in SEVERITIES:
        for each in examples(seen, severity):
            # What causes say of a group and its host, which an example leaves out.
            more = {} if conventions.SLO in each.labels else _OF_A_GROUP
            found.setdefault(
                tuple(each.labels.get(name, "") for name in _KIND), {**more, **each.labels}
            )
    kinds_of_alerts = list(found.values())
    for rule in rules:
        for source in [each for each in kinds_of_alerts if match_all(rule.source, each)]:
            for target in kinds_of_alerts:
                if rule.mutes(target, [source]):
                    yield source, target


def find_silenced(seen: Seen) -> Iterator[Found]:
    """Yield silences that cover every page, or the watchdog."""
    pages = [each.labels for each in examples(seen, conventions.PAGE)]
    told: set[str] = set()
    for each in seen.answering:
        for silence in each.silences:
            matchers = _matchers(silence)
            if silence.id in told or matchers is None:
                continue
            covers = [
                *(["every page"] if pages and all(match_all(matchers, p) for p in pages) else []),
                *([WATCHDOG] if match_all(matchers, watchdog(seen).labels) else []),
            ]
            if covers:
                told.add(silence.id)
                yield _silenced(each, silence, covers)


def find_held(seen: Seen) -> Iterator[Found]:
    """Yield silences that hold pages of ours which fire now, each once."""
    names = seen.built_alerts(conventions.PAGE)
    told: set[str] = set()
    for each in seen.answering:
        for silence in each.silences:
            held = [
                labels
                for labels, ids in each.silenced
                if silence.id in ids
                and labels.get(conventions.SEVERITY) == conventions.PAGE
                and labels.get(conventions.ALERTNAME) in names
            ]
            if held and silence.id not in told:
                told.add(silence.id)
                pages = "1 page fires now and is" if len(held) == 1 else (
                    f"{len(held)} pages fire now and are"
                )  # fmt: skip
                yield Found(
                    each.url,
                    f"{pages} held by silence {silence.id} of {silence.author or 'nobody named'} "
                    f"until {silence.ends_at}: "
                    f"{listed(one[conventions.ALERTNAME] for one in held)}",
                    "pages that are told, or that somebody works on",
                    "see that somebody does; else amtool silence expire "
                    f"{silence.id} --alertmanager.url={each.url}",
                )


def _silenced(alertmanager: Alertmanager, silence: Silence, covers: list[str]) -> Found:
    by = f" by {silence.author}" if silence.author else ""
    why = f" ({silence.comment})" if silence.comment else ""
    return Found(
        alertmanager.url,
        f"a silence{by}{why} until {silence.ends_at} covers {' and '.join(covers)}: "
        f"{{{','.join(silence.matchers)}}}",
        "silences of what is being worked on",
        f"amtool silence expire {silence.id} --alertmanager.url={alertmanager.url}",
    )


def _matchers(silence: Silence) -> tuple[Matcher, ...] | None:
    try:
        found = tuple(one for text in silence.matchers for one in parse_matchers(text))
        for each in found:
            require_readable(each)
    except ValueError:
        return None
    return found


def _our_inhibitions(seen: Seen) -> list[Inhibition]:
    """Return the rules that we write, whole and as a fragment."""
    labels = sorted({name for each in seen.objectives for name in each.grouping_labels})
    alerts = seen.built_alerts()
    cluster = seen.config.topology.cluster
    namings = (Naming(), fragment_naming(alerts), fragment_naming(alerts, cluster))
    return [
        rule
        for naming in namings
        for rule in read_inhibitions(
            inhibit_rules(seen.config.file, seen.objectives, labels, naming)
        )
    ]


def _written(matchers: tuple[Matcher, ...]) -> str:
    return f"{{{', '.join(map(str, matchers))}}}"


CHECKS = (
    Check("routes/muted", Harm.PAGES_LOST, "A route of pages tells nobody at some times.",
          find_muted, needs=("are_readable",)),
    Check("routes/inhibited", Harm.PAGES_LOST, "What fires now inhibits pages, by a rule that is "
          "none of ours.", find_inhibited, needs=("are_readable",)),
    Check("routes/inhibition-missing", Harm.RULES_MISSING, "Alerts are told beside the one that "
          "says it already: rules of inhibition are not there.", find_inhibition_missing,
          needs=("are_readable",)),
    Check("routes/silenced", Harm.PAGES_LOST, "A silence covers every page, or the watchdog.",
          find_silenced, needs=("answers",)),
    Check("routes/held", Harm.PAGES_LOST, "A silence holds pages that fire now.", find_held,
          needs=("answers",)),
)  # fmt: skip
