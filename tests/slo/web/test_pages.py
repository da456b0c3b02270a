"""The kit of pages: nothing inline, nothing from elsewhere, everything there without a network."""

import hashlib
import re
from pathlib import Path

import jinja2
import pytest

from slo.web.pages import STATIC, Pages

UPLOT = {
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""SHA-256 of the files of the npm package uplot 1.6.32."""


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """Pages of one template."""
    (tmp_path / "page.html").write_text(
        '{% extends "base.html" %}{% block main %}{% endblock %}'
        "{% block content %}<p>{{ said }}</p>{% endblock %}"
    )
    return Pages(tmp_path)


def test_what_is_put_into_a_page_is_escaped(pages: Pages):
    """A script in a name is text."""
    text = pages.write("page.html", said="<script>alert(1)</script>")
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in text


def test_content_that_is_missing_is_an_error(pages: Pages):
    """And not an empty place."""
    with pytest.raises(jinja2.UndefinedError):
        pages.write("page.html")


def test_nothing_stands_within_a_page_that_its_policy_forbids(pages: Pages):
    """No script, style or handler inline, no address elsewhere."""
    text = pages.write("page.html", said="x")
    assert [] == re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?://", text)


def test_all_that_a_page_loads_is_there(pages: Pages):
    """Under the address of the kit."""
    text = pages.write("page.html", said="x")
    loaded = re.findall(r'(?:src|href)="/static/web/([^"?]+)', text)
    assert loaded
    assert [] == [each for each in loaded if not (STATIC / each).is_file()]


def test_the_chart_library_is_the_one_that_was_published():
    """With its licence; nobody edited it."""
    found = {
        name: hashlib.sha256((STATIC / "uplot" / name).read_bytes()).hexdigest() for name in UPLOT
    }
    assert UPLOT == found


def test_no_script_or_style_of_ours_reaches_elsewhere():
    """They would fail without a network, and tell others who looks at what."""
    ours = [each for each in STATIC.rglob("*") if each.suffix in (".js", ".css")]
    found = [
        (each.name, address)
        for each in ours
        for address in re.findall(r"https?://[^\s\"']+", each.read_text())
        if "w3.org" not in address and "github.com/leeoniya" not in address
    ]
    assert [] == found
