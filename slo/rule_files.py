"""Rules as the files of who evaluates them: Prometheus, vmalert, the Prometheus Operator, Mimir."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from exporters.problems import InputError, problem
from slo.calendars import horizon_note
from slo.grouping import FEWEST, limit_groups
from slo.objective import Objective
from slo.render import render_groups, render_manifests
from slo.rule import RuleGroup
from slo.rules import lag_of_vmalert, levels_group, objective_group
from slo.rules_format import RulesFormat


@dataclass(frozen=True)
class RulesForm:
    """How rules are written."""

    format: RulesFormat = RulesFormat.PROMETHEUS
    most_rules: int | None = None
    """Of a group, at least :data:`slo.grouping.FEWEST`; if None, as many as there are."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of manifests, for the operator's ``ruleSelector``."""

    def lag_seconds(self, scrape_interval_seconds: float) -> float:
        """Return after how long rules see what others have recorded."""
        is_late = self.format is RulesFormat.VMALERT
        return lag_of_vmalert(scrape_interval_seconds) if is_late else 0

    def limit(self, groups: Iterable[RuleGroup]) -> list[RuleGroup]:
        """Return groups of no more rules than may be, those of more in parts."""
        return list(groups) if self.most_rules is None else limit_groups(groups, self.most_rules)


AS_PROMETHEUS_TAKES_THEM = RulesForm()


def read_form(format_: RulesFormat, most_rules: int | None, labels: Sequence[str]) -> RulesForm:
    """Return the form that a command's options ask for.

    Args:
        format_: ``--format``.
        most_rules: ``--max-rules-per-group``.
        labels: each ``--label``, as NAME=VALUE.

    Raises:
        InputError: if the limit cannot be kept, or a label has another form.
    """
    pairs = [each.partition("=") for each in labels]
    wrong = [
        problem("--label", f"found {each!r}, expected NAME=VALUE", fix="write team=inference")
        for each, (name, equals, _) in zip(labels, pairs, strict=True)
        if not (name and equals)
    ]
    if most_rules is not None and most_rules < FEWEST:
        expected = f"found {most_rules}, expected {FEWEST} or more: so many are never apart"
        wrong.append(problem("--max-rules-per-group", expected, fix="take 20 for Mimir"))
    if wrong:
        raise InputError(wrong)
    return RulesForm(format_, most_rules, {name: value for name, _, value in pairs})


def rules_path(name: str) -> str:
    """Return where the rule file of a name stands in what is built."""
    return f"rules/{name}.yaml"


def rule_files(
    name: str,
    groups: Iterable[RuleGroup],
    sources: Sequence[str],
    notes: Sequence[str] = (),
    form: RulesForm = AS_PROMETHEUS_TAKES_THEM,
) -> dict[str, str]:
    """Return groups as they are built: text by path.

    A rule file, and for the operator beside it a manifest of the same groups in ``manifests/``:
    promtool, and so the tests made with the rules, reads rule files alone.

    Args:
        name: of the file. A manifest is called as its first group is.
        groups: at least one.
        sources: names of the files that they were made from, for the header.
        notes: more lines for the header.
        form: how they are written.
    """
    limited = form.limit(groups)
    files = {rules_path(name): render_groups(limited, sources, notes)}
    if form.format is RulesFormat.OPERATOR:
        by_name = {limited[0].name: limited}
        text = render_manifests(by_name, sources, notes, form.labels)
        files[f"manifests/{name}.yaml"] = text
    return files


def rules_text(
    objectives: Sequence[Objective],
    scrape_interval_seconds: float,
    sources: Iterable[str],
    form: RulesForm = AS_PROMETHEUS_TAKES_THEM,
) -> str:
    """Return the recording rules of objectives in one file, without any alert.

    Args:
        objectives: at least one.
        scrape_interval_seconds: at which the base is recorded.
        sources: names of files for the header, beside those of the objectives.
        form: how they are written: a rule file, or manifests, one an objective.
    """
    interval, by_name = scrape_interval_seconds, {}
    lag_seconds = form.lag_seconds(interval)
    for each in objectives:
        groups = [objective_group(each, interval, lag_seconds), levels_group(each, interval)]
        by_name[f"slo-{each.name}"] = form.limit(groups)
    names = sorted({*sources, *(each.file for each in objectives if each.file)})
    notes = [note for each in objectives if (note := horizon_note(each))]
    if form.format is RulesFormat.OPERATOR:
        return render_manifests(by_name, names, notes, form.labels)
    return render_groups(chain.from_iterable(by_name.values()), names, notes)
