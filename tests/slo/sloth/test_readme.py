"""The page says what becomes of every field."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import slo.sloth
from slo.doubts import WARNINGS
from slo.sloth import model

PAGE = (Path(slo.sloth.__file__).parent / "README.md").read_text(encoding="utf-8")
MODELS = (
    model.Spec,
    model.Slo,
    model.Sli,
    model.Events,
    model.Raw,
    model.Plugin,
    model.Alerting,
    model.Alert,
    model.SloPlugins,
    model.ChainedPlugin,
)


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_every_field_is_told_of(kind: type[BaseModel]):
    """By the name that users write."""
    for name, each in kind.model_fields.items():
        written = each.alias or name
        assert re.search(rf"[`.]{written}\b", PAGE)


def test_every_warning_is_told_of():
    """By its id."""
    assert all(f"| `{each}` |" in PAGE for each in WARNINGS)
