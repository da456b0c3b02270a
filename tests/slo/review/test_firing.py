"""What samples of `ALERTS` tell: starts to the millisecond, ends once they are sure."""

from collections.abc import Mapping, Sequence

import numpy as np

from slo.review.facts import PROMETHEUS, AlertFact
from slo.review.firing import Look, firing_facts
from slo.series import Series

LABELS = {"alertname": "A", "region": "eu"}
MINUTE = 60_000


def samples(*minutes: float) -> Series:
    """Return samples of one alert that fires at some minutes."""
    times = np.array([round(each * MINUTE) for each in minutes], np.int64)
    labels = {"__name__": "ALERTS", "alertstate": "firing", **LABELS}
    return Series(labels, times, np.ones(times.shape))


def tell(
    series: Sequence[Series],
    known_until: int,
    until: int,
    known: Sequence[AlertFact] = (),
    external: Mapping[str, str] | None = None,
) -> list[tuple[float, float | None]]:
    """Return starts and ends, in minutes, of what a look tells; its bounds are minutes too."""
    look = Look(known_until * MINUTE, until * MINUTE)
    facts = firing_facts(series, look, {each.identity: each for each in known}, external or {})
    return [
        (each.starts_at_ms / MINUTE, None if each.ends_at_ms is None else each.ends_at_ms / MINUTE)
        for each in facts
    ]


def fires_since(minute: int) -> AlertFact:
    """Return what a look before told."""
    return AlertFact(PROMETHEUS, LABELS, minute * MINUTE, None)


def test_an_alert_that_ended_has_its_first_and_last_sample():
    """Both are evaluations of its rule."""
    assert [(12.25, 13)] == tell([samples(12.25, 12.5, 13)], 10, 60)


def test_an_alert_of_the_last_minutes_may_still_fire():
    """Its next sample may be late."""
    assert [(56, None)] == tell([samples(56, 57)], 10, 60)


def test_an_alert_goes_on_under_its_old_start():
    """Though the look does not reach back to it."""
    assert [(3, 12)] == tell([samples(8, 9, 10, 11, 12)], 10, 60, [fires_since(3)])


def test_an_alert_whose_samples_are_gone_ended_when_it_was_last_known():
    """As nobody knows more."""
    assert [(3, 10)] == tell([], 10, 60, [fires_since(3)])


def test_what_fires_again_after_a_gap_is_another_alert():
    """A gap of up to five minutes is none: rules were late."""
    assert [(3, 10), (16, 20)] == tell([samples(9, 10, 16, 20)], 10, 60, [fires_since(3)])


def test_the_server_adds_its_labels_as_it_does_for_alertmanager():
    """An alert's own stand above them."""
    look = Look(0, 3_600_000)
    external = {"cluster": "prod", "region": "us"}

    (fact,) = firing_facts([samples(12)], look, {}, external)

    assert {"alertname": "A", "cluster": "prod", "region": "eu"} == fact.labels


def test_looks_one_after_another_tell_what_one_look_tells():
    """Wherever they are cut."""
    minutes = [*range(3, 21), *range(30, 41)]
    known: dict[str, AlertFact] = {}
    found: dict[str, AlertFact] = {}
    for until in range(1, 60, 2):
        look = Look((until - 2) * MINUTE, until * MINUTE)
        inside = [each for each in minutes if look.start / MINUTE < each <= until]
        for fact in firing_facts([samples(*inside)], look, known, {}):
            found[fact.key] = fact
        known = {each.identity: each for each in found.values() if each.ends_at_ms is None}

    assert [(3, 20), (30, 40)] == [
        (each.starts_at_ms / MINUTE, (each.ends_at_ms or 0) / MINUTE) for each in found.values()
    ]
