"""Numbers of YAML are held as they were written."""

from decimal import Decimal

import pytest

from exporters.documents import parse_documents
from slo.numbers import read_decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.999", "0.999"),
        ("0.99950", "0.99950"),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
        (".5", "0.5"),
        ("1e-3", "0.001"),
        ("1", "1"),
    ],
)
def test_a_number_is_exactly_its_text(text, number):
    """Also where no float could hold it."""
    (document,) = parse_documents(f"target: {text}\n", "spec.yaml")

    value = document.data["target"]
    if text == "1e-3":  # YAML 1.1 takes it for text
        value = parse_documents("target: 1.0e-3\n", "spec.yaml")[0].data["target"]
    assert Decimal(number) == read_decimal(value)


@pytest.mark.parametrize("text", [".inf", ".nan", "true", "'0.999'", "[]", "null"])
def test_what_is_no_number_is_refused(text):
    """Text in quotes included: one way to write a target."""
    (document,) = parse_documents(f"target: {text}\n", "spec.yaml")

    with pytest.raises(ValueError, match=r"expected a number; write 0\.999"):
        read_decimal(document.data["target"])
