"""Pages from templates, on the base page, and the folder of what they load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from exporters.version import VERSION

STATIC = Path(__file__).with_name("static")
"""Style sheet and scripts; served at :data:`STATIC_PATH`."""
STATIC_PATH = "/static/web"
_TEMPLATES = Path(__file__).with_name("templates")


class Pages:
    """Writes pages; what is put into them is escaped, and what is missing is an error."""

    def __init__(self, templates: Path) -> None:
        """Make pages of a folder of templates, which extend ``base.html``."""
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([templates, _TEMPLATES]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(static=STATIC_PATH, version=VERSION)

    def write(self, template: str, **content: Any) -> str:
        """Return the text of a page.

        Raises:
            jinja2.TemplateError: a mistake of ours in the template, or content that is missing.
        """
        return self._environment.get_template(template).render(content)
