"""The signs of a queue that may not come back by itself, for each cell, as levels of its causes.

Requests whose clients have given up are still computed, and asked again: what is served too late
makes more work than it ends. The queue then stays when its trigger is gone (metastable failures:
Bronson et al., HotOS 2021; Huang et al., OSDI 2022). Six signals tell, by ``signal``:

=============  =====================================================================================
amplification  clients ask again: attempts over first attempts, 1.1 (10 % retries, the SRE book's
               budget of a client) and, as 2, above 1.5 and rising
growth         the queue grows, and would take longer to drain than clients wait
goodput        fewer requests end well, while engines work as much as ever
persistence    first attempts are back at what was usual before, and it is still bad
degradation    the capacity itself went: prefix hits fall, or requests are preempted
refusal        requests time out or are rejected
=============  =====================================================================================

Each begins above one bound and ends below a lower one.
"""

from __future__ import annotations

from alerts.causes.usual import CELL, hold_rules, usual, usual_rule
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

AMPLIFICATION, GROWTH, GOODPUT = "amplification", "growth", "goodput"
PERSISTENCE, DEGRADATION, REFUSAL = "persistence", "degradation", "refusal"

PATIENCE_SECONDS = 10
"""How long clients wait for a first token. Chosen: software waits longer (OpenAI's client 600 s),
people hardly do, and the demo's clients have this deadline."""
QUEUED_SECONDS = 0.5
"""Of arrivals that wait: a shorter queue is none. Chosen: on a good day chats and completions wait
for a fifth of a second at most."""
RETRIES_WARN, RETRIES_BAD = 1.1, 1.5
"""Attempts over first attempts (the SRE book, chapters 21 and 22: 10 % of a client's requests)."""
GOODPUT_RATIO = 0.8
"""Of the usual; below it requests that end well are few. So many of the usual steps, or of the
usual tokens, are full work (facts: metastable queues, S3)."""
HIT_DROP = 0.2
"""Of the prompt tokens: 20 points (facts: metastable queues, S5)."""
PREEMPTIONS_RATE = 0.1
"""A second, of each group in the mean (facts: metastable queues, S5)."""
REFUSED_RATIO = 0.1
"""Chosen: ten times and more what time-outs are on a good day."""
TRIGGER_GONE_SECONDS = 180
"""First attempts are usual for so long before a queue that stays is called metastable. The facts
say 10 minutes or more; every minute costs users' requests, and the other signals must agree. So
chosen: three base windows at 15 s."""
TRIGGER_TOLERANCE = 1.15
"""First attempts over the usual that are still usual: noise of a minute's count."""
LEAST_ATTEMPTS_RATIO = 0.5
"""First attempts over the usual, below which they are not back but have gone: few requests then end
well because few come, and engines make their steps all the faster. Chosen."""
CAPACITY_RATIO = 0.9
"""Of the usual; with less, what is missing has causes of its own, and no queue is the trigger."""
FEWEST_ATTEMPTS = 50
"""First attempts within 5 minutes, below which no ratio says anything. Chosen."""
LEAST_DIFFERENCE_RATIO = 0.01
"""Of what comes: no difference between what ends and what comes is known better."""
FEWEST_WAITING = 50
"""Requests in a cell's queues, below which they are none. Chosen: agents come in bursts, and up to
24 of them wait on a good day."""

_LONG_SECONDS = 300
_LONG = format_duration(_LONG_SECONDS)
_DERIVED = "2m"
_SHORTLY = "2m"
"""What queued while groups were gone drains within this, or it is no longer their fault."""
_GONE = format_duration(TRIGGER_GONE_SECONDS)
_FIRST, _RETRY = (
    f'{conventions.QUEUE_ATTEMPTS_RATE}{{{catalog.ATTEMPT}="{each}"}}' for each in catalog.ATTEMPTS
)
_ARRIVALS = f"sum by ({CELL}) ({conventions.QUEUE_ATTEMPTS_RATE})"
_ANSWERS = f'{conventions.CELL_REQUESTS_RATE}{{{catalog.OUTCOME}="ok"}}'
_WAITING, _CAPACITY = conventions.CELL_WAITING, conventions.CELL_CAPACITY
_FEWEST_RATE = f"{FEWEST_ATTEMPTS} / {_LONG_SECONDS}"
_TOKENS = f"sum by ({CELL}) ({conventions.CELL_TOKENS_RATE})"
_HITS = conventions.CELL_CACHE_HIT_RATIO

_KNOWN_AT_ONCE = f"{AMPLIFICATION}|{GROWTH}|{REFUSAL}"
UNUSUAL = f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}=~"{_KNOWN_AT_ONCE}"}} > 0'
"""Cells in which nothing is usual; known without what is usual."""
_RESTARTING = f'{conventions.CELL_GROUPS}{{{catalog.STATE}=~"draining|starting"}}'
SHORT_OF_CAPACITY = (
    f"min_over_time({_CAPACITY}[{_SHORTLY}]) < on ({CELL}) {CAPACITY_RATIO} * {usual('capacity')}\n"
    f"or\nsum by ({CELL}) (max_over_time({_RESTARTING}[{_SHORTLY}]))\n"
    f"> on ({CELL}) {1 - CAPACITY_RATIO:g} * sum by ({CELL}) ({conventions.CELL_GROUPS})"
)
"""Cells whose groups serve less than usual, did so until just now, or are being restarted."""


def signal(name: str, condition: str = "> 0") -> str:
    """Return a selector of the cells in which a signal is bad."""
    return f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}="{name}"}} {condition}'


def signal_rules(window_seconds: float) -> tuple[RecordingRule, ...]:
    """Return the levels of queues, each before those that read it.

    Args:
        window_seconds: the base window, over which rates are taken.
    """
    window = format_duration(window_seconds)
    attempts = f'{catalog.ROUTER_ATTEMPTS.name}{{{catalog.TIER}!="{catalog.PROBE_TIER}"}}'
    by_attempt = f"sum by ({CELL}, {catalog.ATTEMPT}) (rate({attempts}[{window}]))"
    return (
        RecordingRule(conventions.QUEUE_ATTEMPTS_RATE, by_attempt),
        RecordingRule(conventions.QUEUE_AMPLIFICATION, _amplification()),
        RecordingRule(conventions.QUEUE_DRAIN, _drain()),
        RecordingRule(conventions.QUEUE_REFUSED, _refused()),
        _amplification_signal(),
        _growth_signal(),
        _signal(
            REFUSAL,
            f"{conventions.QUEUE_REFUSED} > {REFUSED_RATIO}",
            f"{conventions.QUEUE_REFUSED} > {REFUSED_RATIO / 2}",
        ),
        *hold_rules(UNUSUAL, _ARRIVALS),
        usual_rule("first_attempts", _FIRST),
        usual_rule("answers", _ANSWERS),
        usual_rule("tokens", conventions.CELL_TOKENS_RATE),
        usual_rule("steps", conventions.CELL_STEPS_RATE),
        usual_rule("capacity", _CAPACITY),
        usual_rule("cache_hits", _HITS, window="3h"),
        _goodput_signal(),
        _degradation_signal(),
        _persistence_signal(),
    )


def _amplification() -> str:
    retry, first = (f"sum by ({CELL}) (avg_over_time({of}[{_LONG}]))" for of in (_RETRY, _FIRST))
    return f"1 + {retry}\n/ ({first} >= {_FEWEST_RATE})"


def _drain() -> str:
    outcomes = f'{{{catalog.OUTCOME}=~"ok|aborted|error"}}'
    ended = f"sum by ({CELL}) ({conventions.CELL_REQUESTS_RATE}{outcomes})"
    least = f"{LEAST_DIFFERENCE_RATIO} * {_ARRIVALS}"
    return f"{_WAITING} / on ({CELL})\n(({ended} - {_ARRIVALS}) > {least}\nor\n{least} > 0)"


def _refused() -> str:
    def rate(outcomes: str) -> str:
        chosen = f"{conventions.CELL_REQUESTS_RATE}{{{catalog.OUTCOME}{outcomes}}}"
        return f"sum by ({CELL}) (avg_over_time({chosen}[{_LONG}]))"

    # Users leave for reasons of their own: an editor drops a completion with each key.
    refused, counted = rate('=~"timeout|rejected"'), rate('!="rate_limited"')
    return f"{refused}\n/ ({counted} >= {_FEWEST_RATE})"


def _signal(name: str, begins: str, stays: str) -> RecordingRule:
    """Return the rule of a signal, which reads itself."""
    return RecordingRule(
        conventions.QUEUE_SIGNAL,
        f"group by ({CELL}) (\n{begins}\nor\n({signal(name)}\nand on ({CELL})\n({stays}))\n)\n"
        f"or\n0 * {_ARRIVALS}",
        {catalog.SIGNAL: name},
    )


def _amplification_signal() -> RecordingRule:
    ratio, middle = conventions.QUEUE_AMPLIFICATION, (1 + RETRIES_WARN) / 2
    now = f"1 + sum by ({CELL}) ({_RETRY}) / (sum by ({CELL}) ({_FIRST}) > 0)"
    rule = _signal(AMPLIFICATION, f"{ratio} > {RETRIES_WARN}", f"{ratio} > {middle:g}")
    bad = f"2 * group by ({CELL}) (({ratio} > {RETRIES_BAD}) < on ({CELL}) ({now}))"
    return RecordingRule(rule.record, f"{bad}\nor\n{rule.expr}", rule.labels)


def _growth_signal() -> RecordingRule:
    dead_on_arrival = f"{conventions.QUEUE_DRAIN} > {PATIENCE_SECONDS}"

    def queue(seconds: float, fewest: float) -> str:
        long = f"({_WAITING} >= {fewest:g}) >= on ({CELL}) {seconds:g} * {_ARRIVALS}"
        return f"({long})\nand on ({CELL})\n({dead_on_arrival})"

    grows = f"deriv({_WAITING}[{_DERIVED}]) > 0"
    return _signal(
        GROWTH,
        f"({queue(QUEUED_SECONDS, FEWEST_WAITING)}\nand on ({CELL})\n({grows}))",
        queue(QUEUED_SECONDS / 2, FEWEST_WAITING / 2),
    )


def _goodput_signal() -> RecordingRule:
    def few(below: float, work: float) -> str:
        enough = f"({usual('answers')} >= {_FEWEST_RATE})"
        return (
            f"(sum by ({CELL}) ({_ANSWERS}) < on ({CELL}) {below} * {enough})\n"
            f"and on ({CELL})\n"
            f"({_TOKENS} >= on ({CELL}) {work} * {usual('tokens')}\nor\n"
            f"{conventions.CELL_STEPS_RATE} >= on ({CELL}) {work} * {usual('steps')})"
        )

    return _signal(GOODPUT, f"({few(GOODPUT_RATIO, GOODPUT_RATIO)})", few(0.9, GOODPUT_RATIO / 2))


def _degradation_signal() -> RecordingRule:
    preempted = f"avg by ({CELL}) (rate({catalog.GROUP_PREEMPTIONS.name}[{_LONG}]))"

    def worse(drop: float, preemptions: float) -> str:
        fell = f"{usual('cache_hits')} - on ({CELL}) {_HITS} > {drop:g}"
        return f"({fell})\nor\n({preempted} > {preemptions:g})"

    return _signal(
        DEGRADATION, worse(HIT_DROP, PREEMPTIONS_RATE), worse(HIT_DROP / 2, PREEMPTIONS_RATE / 2)
    )


def _persistence_signal() -> RecordingRule:
    bad = f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}=~"{GROWTH}|{GOODPUT}"}}'
    usually = usual("first_attempts")
    gone = (
        f"max_over_time({_FIRST}[{_GONE}])\n"
        f"<= on ({CELL}) {TRIGGER_TOLERANCE} * {usually}\n"
        f"and on ({CELL})\n"
        f"(min_over_time({_FIRST}[{_GONE}])\n"
        f">= on ({CELL}) {LEAST_ATTEMPTS_RATIO} * {usually})"
    )
    begins = f"({gone}\nand on ({CELL})\n(min_over_time({bad}[{_GONE}]) > 0)\n"
    begins += f"unless on ({CELL})\n({SHORT_OF_CAPACITY}))"
    return _signal(PERSISTENCE, begins, f"{bad} > 0")
