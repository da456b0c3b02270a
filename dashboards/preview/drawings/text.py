"""Texts: Markdown, of which no HTML is kept and no script can be left."""

from __future__ import annotations

import html

from markdown_it import MarkdownIt

from dashboards.interpolation import WORDS, Standing, interpolate
from dashboards.preview.drawings.given import Drawing
from dashboards.preview.links import safe_address
from dashboards.preview.loose import Json, mapping, text

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
# An image would be fetched from elsewhere; the page's policy would refuse it in any case.
setattr(_MARKDOWN, "validateLink", lambda url: safe_address(url) is not None)  # noqa: B010


def draw_text(content: Json, standing: dict[str, Standing]) -> Drawing:
    """Return a text panel's content as HTML that is safe to show.

    HTML in it, whatever its mode, is shown as it is written, not as what it means.
    """
    options = mapping(content.get("options")) or content  # before Grafana 7 they stood beside
    written = interpolate(text(options.get("content")), standing, where=WORDS)
    mode = text(options.get("mode"), "markdown")
    if mode == "markdown":
        return {"kind": "text", "html": _MARKDOWN.render(written)}
    notes = ["HTML is shown as it is written."] if mode == "html" else []
    return {"kind": "text", "html": f"<pre>{html.escape(written)}</pre>", "notes": notes}
