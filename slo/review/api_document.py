"""The OpenAPI of the interface: what all answers have in common is said of each of them.

Problems have a type of their own (RFC 9457), what is read has an ``ETag``, what is edited takes the
one that was seen, and who asks may have to say who they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from slo.review.answers import PROBLEM_TYPE
from slo.review.api_models import ProblemDocument

_SAID: Mapping[str, str] = {
    "200": "It is there.",
    "201": "It is written.",
    "204": "It is gone.",
    "304": "It is as it was when its `ETag` was read.",
    "400": "The body cannot be read.",
    "401": "Who asks is not known.",
    "403": "Who asks may not do this, or a page of another site asks.",
    "404": "There is no such thing.",
    "409": "It is signed, there already, or not over yet.",
    "412": "Somebody else changed it meanwhile: read it again.",
    "413": "The body is too large.",
    "421": "The host that was named is not served here.",
    "422": "What was given is not what is expected.",
    "428": "`If-Match` does not name the state that was seen.",
    "503": "The database does not answer: nothing was written.",
}
_TAGGED = ("200", "201", "304")
_ETAG = {"description": "Of this state.", "required": True, "schema": {"type": "string"}}
_LOGIN = {"description": "How to log in.", "required": True, "schema": {"type": "string"}}
_SEEN = {
    "in": "header",
    "required": True,
    "schema": {"type": "string", "maxLength": 200},
    "description": "The `ETag` of the state that is changed: 412 where it is another by now.",
}
_HAD = {
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 1000},
    "description": "The `ETag` of what is there already: 304 where it is as it was.",
}
_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "token": {"type": "http", "scheme": "bearer"},
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "The token is the password, whatever the name.",
    },
}


def document_answers(app: FastAPI) -> None:
    """Have an application's OpenAPI document say what its answers have in common."""
    made: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        is_made = app.openapi_schema is not None
        document = made()
        if not is_made:
            _complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to change it


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schema = ProblemDocument.model_json_schema()
    components.setdefault("schemas", {})["ProblemDocument"] = schema
    components["securitySchemes"] = {name: dict(each) for name, each in _SCHEMES.items()}
    # None of them, where nobody has to log in or a proxy says who it is.
    document["security"] = [{}, *({name: []} for name in _SCHEMES)]
    for operation in _operations(document):
        answers: dict[str, dict[str, Any]] = operation["responses"]
        for status, answer in answers.items():
            answer["description"] = _SAID[status]
            if status in _TAGGED:
                answer["headers"] = {"ETag": _ETAG}
            elif status != "204":
                reference = {"$ref": "#/components/schemas/ProblemDocument"}
                answer["content"] = {PROBLEM_TYPE: {"schema": reference}}
        if "304" in answers:
            answers["304"].pop("content", None)
        if "401" in answers:
            answers["401"]["headers"] = {"WWW-Authenticate": _LOGIN}
        headers = {"If-None-Match": _HAD if "304" in answers else None,
                   "If-Match": _SEEN if "428" in answers else None}  # fmt: skip
        added = [{"name": name, **each} for name, each in headers.items() if each is not None]
        if added:
            operation.setdefault("parameters", []).extend(added)


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()
