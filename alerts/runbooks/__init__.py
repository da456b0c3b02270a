"""What to do when an alert fires: one page for each alert, named as the alert is."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def runbook_names() -> list[str]:
    """Return the alerts that have a runbook, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def read_runbook(alert: str) -> str | None:
    """Return the runbook of an alert as Markdown; None if there is none."""
    if alert not in runbook_names():
        return None
    return (FOLDER / f"{alert}.md").read_text(encoding="utf-8")


def runbook_url(base: str, alert: str) -> str:
    """Return the address of an alert's runbook.

    ``base`` is where these files are served; a trailing slash makes no difference.
    """
    return f"{base.rstrip('/')}/{alert}.md"
