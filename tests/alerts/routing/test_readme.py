"""What ``alerts/routing/README.md`` shows can be used."""

import re
from pathlib import Path

import yaml

from alerts.routing import alertmanager_config
from exporters.config import ConfigFile
from exporters.notifying import Alertmanager
from tests.alerts.routing.configuring import assert_takes, objective

README = (Path(__file__).parents[3] / "alerts/routing/README.md").read_text(encoding="utf-8")


def test_its_configuration_is_one(tmp_path: Path):
    """And so is what Alertmanager gets of it."""
    [example] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    file = ConfigFile.model_validate(
        {"topology": "t.yaml", "prometheus": {"url": "http://p"}, "objectives": ["library:chat"]}
        | yaml.safe_load(example)
    )

    assert_takes(alertmanager_config(file, Path("/secret"), "demo", [objective()]), tmp_path)


def test_every_field_is_in_it():
    """Of Alertmanager's part of shardwatch.yaml."""
    assert [] == [name for name in Alertmanager.model_fields if f"{name}:" not in README]
