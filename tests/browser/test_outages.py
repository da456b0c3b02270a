"""Prometheus down, slow or wrong: said in place, and mended by itself."""

import time

import pytest

from dashboards.pictures.browser import wait_until_settled
from tests.browser.seeing import board_of, open_board, until

PANEL = {
    "id": 1, "type": "stat", "title": "Up", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 6},
    "targets": [{"refId": "A", "expr": "up"}],
}  # fmt: skip


@pytest.fixture
def address(serve) -> str:
    """The address of a board of one number."""
    return f"{serve(board_of(PANEL, refresh='5s'))}/d/b"


def recovers(page) -> None:
    """See the panel without a problem, though nobody does anything."""
    until(lambda: not page.locator(".panel .problem").count())
    until(lambda: page.locator(".panel .stat").count())


def test_an_error_of_prometheus_stands_in_the_panel_until_it_is_over(address, answers, page):
    """With Prometheus's own words."""
    answers.status = 422
    open_board(page, address)
    said = page.locator(".panel .status").inner_text()
    assert "query processing would load too many samples" in said
    answers.status = 200
    recovers(page)


def test_an_answer_that_is_none_is_told_from_one(address, answers, page):
    """Something else may listen at the address."""
    answers.nonsense = "<html>Welcome</html>"
    open_board(page, address)
    assert "no JSON" in page.locator(".panel .status").inner_text()
    answers.nonsense = ""
    recovers(page)


def test_a_slow_prometheus_is_given_up_and_asked_again(address, answers, page):
    """The page does not wait for ever."""
    answers.delay_seconds = 4
    open_board(page, address)
    assert "does not answer" in page.locator(".panel .status").inner_text()
    answers.delay_seconds = 0
    recovers(page)


def test_a_board_says_once_why_nothing_is_answered(serve, our_boards, answers, page):
    """As soon as one query was given up, with every panel and variable, and until it is over."""
    answers.delay_seconds = 60  # longer than the stand-in's preview and this test wait
    began = time.monotonic()
    open_board(page, f"{serve(our_boards)}/d/shardwatch-fleet")
    assert time.monotonic() - began < 30
    outage = page.locator("[data-field='outage']")
    assert "does not answer: no answer in time" in outage.inner_text()
    said = page.locator(".panel[data-failed] .status").all_inner_texts()
    assert {"Prometheus does not answer."} == {each for each in said if each}
    assert [] == page.locator("[data-variable='region'] option, .offer [value='eu']").all()
    answers.delay_seconds = 0
    until(lambda: outage.is_hidden() and not page.locator(".panel[data-failed]").count())
    until(lambda: page.locator("[data-variable='region'] [value='eu']").count())


def test_old_values_are_not_shown_as_new(address, answers, page):
    """They stay to be read, but grey, and with what is wrong."""
    open_board(page, address)
    answers.status = 503
    page.keyboard.press("r")
    until(lambda: page.locator(".panel.old .problem").count())
    assert page.locator(".panel .stat").count()
    answers.status = 200
    recovers(page)
    assert not page.locator(".panel.old").count()


def test_a_prometheus_that_is_not_there_yet_is_waited_for(serve, answers, prometheus, page):
    """Down when the page opens; the page is drawn once it is up."""
    answers.status = 503
    open_board(page, f"{serve(board_of(PANEL))}/d/b")
    assert page.locator(".panel .problem").count()
    answers.status = 200
    recovers(page)


def test_nothing_is_no_error(serve, answers, page):
    """The panel says its own words for it."""
    answers.is_empty = True
    panel = {**PANEL, "fieldConfig": {"defaults": {"noValue": "All is well"}}}
    open_board(page, f"{serve(board_of(panel))}/d/b")
    wait_until_settled(page)
    assert "All is well" in page.locator(".panel .body").inner_text()
    assert not page.locator(".panel .problem").count()
