"""``slo validate --prometheus``: what is printed, and how it exits."""

import http.server
import json
import threading

import pytest

from exporters.problems import InputError
from slo.validating import ReportFormat, Validation, print_validation
from tests.slo.documents import availability


@pytest.fixture
def validate(tmp_path):
    """Validates an objective whose bad events are given, on a server."""

    def validate(bad, url, format_=ReportFormat.TEXT, **asked: object) -> int:
        file = tmp_path / "slo.yaml"
        file.write_text(availability("requests", "28d", bad))
        return print_validation(Validation((file,), prometheus_url=url, **asked), format_)

    return validate


@pytest.fixture
def web_server():
    """Give the address of a server that is no Prometheus."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b"<html>Not found</html>")

        def log_message(self, *_: object):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_retention_and_costs_are_printed_before_the_names(validate, server, capsys):
    """Nothing on standard error."""
    assert 0 == validate('requests_total{outcome="error"}', server)

    out, err = capsys.readouterr()
    kept, cost, names = out.splitlines()
    assert "the server keeps samples for 100d" == kept
    assert cost.startswith("requests: 2 cells of 12 series; its recording rules read about ")
    assert ("ok: requests", "") == (names, err)


def test_problems_of_the_server_are_those_of_the_objective(validate, server, tmp_path, capsys):
    """With its place, and a warning that stops nothing."""
    assert 0 == validate("failures_total", server)

    out, err = capsys.readouterr()
    assert err.startswith(f"{tmp_path / 'slo.yaml'}:8:3: bad-series-missing: requests: bad asks")
    assert out.endswith("ok: requests\n")


def test_the_interval_of_the_rules_may_be_given(validate, server, capsys):
    """Series of 15 s do for 5 s, and no better."""
    assert 0 == validate('requests_total{outcome="error"}', server, scrape_interval_seconds=5)

    assert "scrape-interval-differs" in capsys.readouterr().err


def test_programs_read_what_the_server_said(validate, server, capsys):
    """Retention and costs beside the problems."""
    assert 0 == validate('requests_total{outcome="error"}', server, ReportFormat.JSON)

    said = json.loads(capsys.readouterr().out)
    assert [] == said["problems"]
    assert 100 * 86400 == said["server"]["retention_seconds"]
    [cost] = said["server"]["costs"]
    assert ("requests", 2) == (cost["objective"], cost["cells"])


def test_a_server_that_does_not_answer_is_bad_input(validate):
    """With what was tried."""
    with pytest.raises(InputError) as refused:
        validate("requests_total", "http://127.0.0.1:1")

    assert str(refused.value).startswith("http://127.0.0.1:1: does not answer: ")
    assert str(refused.value).endswith(
        "; name a Prometheus, or what speaks its HTTP API: it was asked at "
        "http://127.0.0.1:1/api/v1/query"
    )


def test_a_server_that_is_no_prometheus_is_bad_input(validate, web_server, capsys):
    """As text, and as JSON with its exit code."""
    with pytest.raises(InputError, match="answered 404 with no JSON; name a Prom"):
        validate("requests_total", web_server)
    assert 2 == validate("requests_total", web_server, ReportFormat.JSON)
    [problem] = json.loads(capsys.readouterr().out)["problems"]
    assert "bad-input" == problem["check"]
