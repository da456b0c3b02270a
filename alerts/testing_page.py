"""The page of PagerDuty's stand-in: its incidents, for people."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any


def render_page(found: Iterable[Mapping[str, Any]], counts: str) -> str:
    """Return incidents as HTML, for people, under a sentence that counts what came."""
    incidents = "\n".join(map(_render_incident, found))
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">\n'
        '<meta http-equiv="refresh" content="5"><title>PagerDuty stand-in</title>\n'
        "<style>body{font:15px/1.4 sans-serif;margin:2em;max-width:70em}"
        "article{border-left:6px solid #888;padding:.2em 1em;margin:1em 0}"
        ".triggered.critical{border-color:#c00}.triggered.warning{border-color:#e90}"
        "dt{font-weight:bold}dd{margin:0 0 .3em 1em}</style>\n"
        f"<h1>PagerDuty stand-in</h1>\n<p>{escape(counts)}</p>\n{incidents}\n</html>\n"
    )


def _render_incident(incident: Mapping[str, Any]) -> str:
    payload = incident["event"]["payload"]
    at = time.strftime("%H:%M:%S UTC", time.gmtime(incident["received_at"]))
    details = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in (payload.get("custom_details") or {}).items()
        if value != ""
    )
    links = " ".join(
        f'<a href="{escape(link["href"])}">{escape(link.get("text") or link["href"])}</a>'
        for link in incident["event"].get("links") or []
        if link["href"].startswith(("http://", "https://"))
    )
    return (
        f'<article class="{incident["state"]} {payload["severity"]}">'
        f"<h2>{escape(payload['summary'])}</h2>"
        f"<p>{payload['severity']}, {incident['state']}, {at}. {links}</p><dl>{details}</dl>"
        "</article>"
    )
