"""The runbooks among what ``shardwatch build`` writes, for whoever serves them."""

from __future__ import annotations

from alerts.runbooks import read_runbook, runbook_names
from exporters.config import Config
from exporters.generated import header
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm

RUNBOOKS_FOLDER = "runbooks"


def build(_: Config, __: RulesForm = AS_PROMETHEUS_TAKES_THEM) -> dict[str, str]:
    """Return the runbooks: Markdown by path, under the names that ``runbook_url`` has."""
    return {
        f"{RUNBOOKS_FOLDER}/{name}.md": f"{header(())}\n{read_runbook(name)}"
        for name in runbook_names()
    }
