"""The interface asked for what its document allows, and for what not: no answer is unheard of."""

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from exporters.addresses import parse_address
from exporters.server import bind
from slo.review.app import review_application
from slo.review.audit import By
from slo.review.reviewed_period import parse_period
from slo.review.reviews import create_review, sign
from slo.review.telling import Remark, remark
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600
ADA = By("ada", NOW)
CHECKED = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@pytest.fixture(scope="module")
def interface(record_of_module: Engine) -> Iterator[Any]:
    """The document of a service over a week with a draft (1) and a signed review (2)."""
    fill(record_of_module)
    create_review(record_of_module, "chat", parse_period("2026-09"), ADA)
    sign(record_of_module, create_review(record_of_module, "chat", PERIOD, ADA), 1, ADA)
    remark(record_of_module, Remark(PERIOD.start, "I saw it.", incident=1), ADA)
    application = review_application(record_of_module, "127.0.0.1", clock=lambda: NOW)
    listener, address = bind(parse_address("127.0.0.1:0"))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="none"))
    with listener:
        serving = threading.Thread(target=server.run, args=([listener],))
        serving.start()
        yield schemathesis.openapi.from_url(f"http://{address}/api/v1/openapi.json")
        server.should_exit = True
        serving.join()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_documented(interface: Any, mode: GenerationMode):
    """By its status, its type, its shape and its headers."""
    ask_for_everything(interface, mode, examples=3)


@pytest.mark.scenario
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_to_many_more_is_documented(interface: Any, mode: GenerationMode):
    """As above."""
    ask_for_everything(interface, mode, examples=60)


def ask_for_everything(interface: Any, mode: GenerationMode, examples: int) -> None:
    """Ask for each operation some times, by what it allows or by what it does not."""
    operations = [each.ok() for each in interface.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:

        @settings(max_examples=examples, **CHECKED)
        @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
        def ask(*, case: Case, is_known: bool) -> None:
            if is_known and "number" in (case.path_parameters or {}):
                case.path_parameters["number"] = 1  # of a draft, an action, an incident
                if "If-Match" in (case.headers or {}):
                    own = "/".join(case.formatted_path.split("/")[:5])  # /api/v1/reviews/1
                    seen = requests.get(urljoin(interface.location, own), timeout=10)
                    # None of a draft that another case has discarded.
                    case.headers["If-Match"] = seen.headers.get("etag", '"1"')
            case.call_and_validate(checks=CHECKS)

        ask()
