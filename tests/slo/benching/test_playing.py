"""Of an objective's groups that is played which is wanted, when a bench says."""

from slo import conventions as names
from slo.benching.playing import due, groups_of, recording
from slo.rule import AlertingRule, RecordingRule
from slo.rules import levels_group, objective_group


def test_every_rule_is_played_at_its_groups_interval(objective):
    """The slower ones every minute, neither at full multiples."""
    base, levels = groups_of(objective, 30)

    assert (objective_group(objective, 30), levels_group(objective, 30)) == (
        base.group,
        levels.group,
    )
    assert (607.3, 907.3) == base.moments.between(577.3, 907.3)
    assert (621.9, 861.9) == levels.moments.between(600, 900)


def test_alerts_are_left_out_and_only_the_chosen_rules_kept(objective):
    """For what nobody reads."""
    alert = AlertingRule("A", "x")
    groups = due(objective_group(objective, 30).followed_by(alert), levels_group(objective, 30))

    every, _ = recording(groups)
    base, levels = recording(groups, lambda rule: rule.record == names.EVENTS_RATE)
    assert all(isinstance(each, RecordingRule) for each in every.group.rules)
    assert [names.EVENTS_RATE] == [each.record for each in base.group.rules]
    assert () == levels.group.rules
