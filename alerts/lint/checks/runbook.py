"""``alerts/runbook``."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.lint.finding import At, finding
from alerts.lint.rules import Rules
from alerts.runbooks import runbook_names
from exporters.documents import shown
from exporters.problems import Problem
from slo.rule_reading.rules import Rule

RUNBOOK_URL = "runbook_url"


def check_runbook(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield alerts that do not say what to do; of ours, those that say it of no runbook."""
    if not rule.is_alert:
        return
    url = rule.annotations.get(RUNBOOK_URL, "").strip()
    if not url:
        yield finding(
            rule,
            "alerts/runbook",
            f"has no annotation {RUNBOOK_URL}: whoever is woken does not know what to do",
            "write a runbook and name it",
            At(("annotations",) if rule.annotations else ("alert",)),
        )
    elif not _is_url(url):
        yield finding(
            rule,
            "alerts/runbook",
            f"found {shown(url)}, which is no URL: nobody can open it",
            "give the whole address, with https://",
            At(("annotations", RUNBOOK_URL)),
        )
    elif rule.is_generated and not any(url.endswith(f"/{each}.md") for each in runbook_names()):
        yield finding(
            rule,
            "alerts/runbook",
            f"found {url}, which is none of our runbooks",
            f"write alerts/runbooks/{rule.name}.md",
            At(("annotations", RUNBOOK_URL)),
        )


def _is_url(text: str) -> bool:
    """Tell whether a text is an address for a browser, as far as it is no template."""
    if "{{" in text:
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not text.split()[1:]
