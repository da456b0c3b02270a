"""The published schemas of what Kubernetes and its Prometheus Operator take; no unknown field.

Those of Kubernetes are of the package ``kubernetes-validate``, those of the operator of
``tests/fixtures/operator``.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate

OPERATOR = Path(__file__).parents[1] / "fixtures/operator"


def mistakes(manifest: dict[str, Any]) -> list[str]:
    """Return what an API server would find wrong with an object."""
    if "monitoring.coreos.com" not in manifest["apiVersion"]:
        return _core_mistakes(manifest)
    schema = _operator_schema(manifest["kind"])
    found = [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message}"
        for each in jsonschema.Draft202012Validator(schema).iter_errors(manifest)
    ]
    if manifest["kind"] == "AlertmanagerConfig":
        route = schema["properties"]["spec"]["properties"]["route"]
        for each in _routes(manifest["spec"]["route"]):
            errors = jsonschema.Draft202012Validator(route).iter_errors(each)
            found += [f"route {each.get('receiver')}: {error.message}" for error in errors]
    return found


def _core_mistakes(manifest: dict[str, Any]) -> list[str]:
    try:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield route
    for each in route.get("routes", []):
        yield from _routes(each)


@functools.cache
def _operator_schema(kind: str) -> dict[str, Any]:
    schema = json.loads((OPERATOR / f"{kind}.json").read_text(encoding="utf-8"))
    for field in ("apiVersion", "kind", "metadata"):
        schema["properties"][field] = {}
    return _strict(schema)


def _strict(schema: Any) -> Any:
    """Return a structural schema in the words of JSON Schema, which has none for some of its."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value) for key, value in schema.items()}
    pattern = found.get("pattern")
    if isinstance(pattern, str) and "(?i)" in pattern:  # Python wants it at the beginning
        found["pattern"] = "(?i)" + pattern.replace("(?i)", "")
    if found.pop("x-kubernetes-int-or-string", False):
        found.pop("type", None)
    is_object = isinstance(found.get("properties"), dict) and found.get("type") == "object"
    if is_object and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found
