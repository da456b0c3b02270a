"""What a cause shows is said as Prometheus would say it."""

import pytest

from alerts.causes.every import causes
from demo.lab.evidence import filled_in


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("group {{ .Labels.group }} of {{.Labels.model}}", "group a of chat"),
        ("none: {{ .Labels.tool }}", "none: "),
        (
            'is {{ if eq .Labels.reason "slow" }}slower{{ else }}worse{{ end }} here',
            "is slower here",
        ),
        ('{{ if eq .Labels.reason "bad" "worst" }}bad{{ else }}fair{{ end }}', "fair"),
        ('{{ if eq .Labels.reason "bad" }}a{{ else if eq .Labels.reason "slow" }}b{{ end }}', "b"),
        ("{{ with .Labels.tool }}: {{ . }}{{ end }}", ""),
        ("a{{ with .Labels.model }}: {{ . }}{{ end }}.", "a: chat."),
        ('{{ if .Labels.group }}{{ if eq .Labels.group "b" }}b{{ end }}in{{ end }}', "in"),
    ],
)
def test_a_template_is_filled_in(template: str, said: str) -> None:
    """Labels that are not there are empty, and an empty one is not so."""
    assert said == filled_in(template, {"group": "a", "model": "chat", "reason": "slow"})


@pytest.mark.parametrize("template", ["{{ $value }}", "{{ if .Labels.a }}", "a{{ end }}"])
def test_what_is_not_known_is_refused(template: str) -> None:
    """Rather than said as it stands."""
    with pytest.raises(ValueError, match="found"):
        filled_in(template, {"a": "b"})


def test_the_evidence_of_every_cause_can_be_said() -> None:
    """With no braces left, whatever the labels are."""
    for each in causes(15.0):
        for reason in ("calls", "slow", ""):
            assert "{{" not in filled_in(each.evidence, {"reason": reason})
