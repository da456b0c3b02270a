"""What is printed: for people, and for programs in a shape that stays."""

import json
from dataclasses import replace

from alerts.doctor.diagnosis import diagnose
from alerts.doctor.readme import FILE, TABLES
from alerts.doctor.report import text_lines, write_json
from alerts.doctor.seen import Seen, Trial
from exporters.sections import section


def test_people_read_what_to_do_first(well: Seen):
    """A finding is four lines; then what was not looked at, then a line for all."""
    seen = replace(well, sends_to=(), targets=None, unknown={**well.unknown, "targets": "no page"})
    lines = list(text_lines(seen, diagnose(seen)))

    assert [
        "1. pages do not arrive (path/no-alertmanager)",
        "   http://127.0.0.1:9090: knows no Alertmanager, so that its alerts are told to nobody",
        "   expected: 10.0.0.1:9093, 10.0.0.2:9093",
    ] == lines[:3]
    assert lines[3].startswith("   do: write into prometheus.yml `alerting: {alertmanagers: ")
    assert (
        "test-page/held, test-page/not-ended, test-page/not-told: no test page was sent"
        in (lines[4])
    )
    assert lines[5].startswith("not looked at: scrape/interval, scrape/job-missing, ")
    assert lines[5].endswith(": no page")
    assert "Prometheus 2.42.0, 2 Alertmanagers 0.25.0; 1 thing to mend, by 60 checks" == lines[6]


def test_where_all_is_well_a_line_says_so(well: Seen):
    """And what became of a test page."""
    told = Trial("owner serving", ("serving-pages",), ("pagerduty",), "", (), 2.0, 3.25, 30.0)
    seen = replace(well, trials=(told,))

    assert [
        "test page of owner serving: told to serving-pages after 2.0 s, and its end 3.2 s after it",
        "ok: Prometheus 2.42.0, 2 Alertmanagers 0.25.0; nothing wrong by 68 checks",
    ] == list(text_lines(seen, diagnose(seen)))


def test_programs_read_a_shape_that_stays(well: Seen):
    """Members may be added, and none goes or changes its meaning."""
    seen = replace(well, has_reloaded=False, trials=())
    content = json.loads(write_json(seen, diagnose(seen)))

    assert 1 == content["version"]
    assert {"url": "http://127.0.0.1:9090", "version": "2.42.0"} == content["prometheus"]
    assert {"url": "http://10.0.0.1:9093", "version": "0.25.0", "error": ""} == (
        content["alertmanagers"][0]
    )
    [found] = content["findings"]
    assert ("prometheus/stale-config", "rules-missing", 2, "http://127.0.0.1:9090") == tuple(
        found[each] for each in ("check", "harm", "harm_rank", "subject")
    )
    assert {"check", "harm", "harm_rank", "subject", "found", "expected", "fix"} == set(found)
    assert ([], [], []) == (content["not_looked_at"], content["test_pages"], content["problems"])


def test_the_readme_has_the_checks_that_there_are():
    """Written by `python -m alerts.doctor.readme`."""
    text = FILE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        assert make() == section(text, name)
