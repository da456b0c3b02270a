"""The texts of steps, filled in."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import yaml

from exporters.generated import header


def write_steps(template: str, sources: Iterable[Path], **content: Any) -> str:
    """Return a file of steps.

    Args:
        template: its name in the folder ``templates``.
        sources: of what was built, for the header.
        content: what the template asks for; it must have no more and no less.
    """
    # It is Markdown for people, who would see what is escaped for HTML.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dashboards.next_steps"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - as above
    )
    environment.filters |= {"yaml": as_yaml, "shell": quoted}
    return header(sources) + environment.get_template(template).render(content)


def as_yaml(content: Any) -> str:
    """Return data as lines of YAML."""
    return yaml.safe_dump(content, sort_keys=False, width=100).rstrip()


def quoted(text: Path | str) -> str:
    """Return a text as a shell takes it."""
    return shlex.quote(str(text))
