"""The files that Grafana is given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from dashboards import variables
from dashboards.boards.cache import cache_board
from dashboards.boards.capacity import capacity_board
from dashboards.boards.fleet import fleet_board
from dashboards.boards.gpu import gpu_board
from dashboards.boards.group import group_board
from dashboards.boards.itself import itself_board
from dashboards.boards.latency import latency_board
from dashboards.boards.metering import metering_board
from dashboards.boards.queue import queue_board
from dashboards.boards.regions import regions_board
from dashboards.boards.rollout import rollout_board
from dashboards.boards.slo import slo_board
from dashboards.boards.slo_detail import slo_detail_board
from dashboards.boards.slo_scope import OURS, scope_of
from dashboards.boards.tenants import tenants_board
from dashboards.boards.tools import tools_board
from dashboards.frame import Board, draw_up
from dashboards.links import RUNBOOKS, TAG
from dashboards.normalise import to_json, to_text
from exporters.config import Config, Links
from exporters.durations import format_duration
from exporters.generated import header
from slo.objective import Objective
from slo.rule_files import AS_PROMETHEUS_TAKES_THEM, RulesForm
from slo.windows import read_tiers

BOARDS_FOLDER = "dashboards"
DASHBOARDS_PROVISIONING_PATH = "grafana/provisioning/dashboards/shardwatch.yaml"
DATASOURCES_PROVISIONING_PATH = "grafana/provisioning/datasources/shardwatch.yaml"
GRAFANA_FOLDER = "/var/lib/grafana/dashboards/shardwatch"
"""Where Grafana looks for the boards; below the folder that its documentation uses."""

NO_LINKS = Links()
"""As a configuration has them that says none."""

_DASHBOARDS_COMMENT = f"""\
# Copy or mount this file into Grafana's provisioning/dashboards, and the built folder
# {BOARDS_FOLDER}/ to the path below; or change the path to where that folder is.
"""
_DATASOURCES_COMMENT = """\
# Copy or mount this file into Grafana's provisioning/datasources. The boards choose this data
# source by its uid until somebody picks another one at their top. Change the address if Grafana
# reaches Prometheus by another.
"""


def all_boards() -> tuple[Board, ...]:
    """Return every board, in the order in which they should be read."""
    tiers = read_tiers()
    return (
        fleet_board(tiers),
        group_board(),
        gpu_board(),
        slo_board(OURS),
        slo_detail_board(OURS),
        latency_board(),
        queue_board(),
        cache_board(),
        tools_board(),
        rollout_board(),
        tenants_board(),
        regions_board(),
        metering_board(),
        capacity_board(),
        itself_board(),
    )


def build_boards(links: Links = NO_LINKS) -> dict[str, str]:
    """Return the boards' JSON by file name, ``fleet.json``. The same for every cluster but links.

    Args:
        links: bases of the runbooks, which alerts lead to, and of the record of reviews, which
            boards of objectives lead to, if there is one.
    """
    return draw_up_boards(all_boards(), links)


def build_slo_boards(objectives: Iterable[Objective]) -> dict[str, str]:
    """Return the JSON of the boards of objectives that somebody brings, by file name.

    Their grouping labels are the variables, and nothing is asked for but what their rules record.
    Uids and file names are those of their services, so that no board of the cluster is replaced.
    """
    scope = scope_of(objectives)
    return draw_up_boards((slo_board(scope), slo_detail_board(scope)))


def draw_up_boards(boards: Sequence[Board], links: Links = NO_LINKS) -> dict[str, str]:
    """Return boards' JSON by file name; they lead to each other and to no others."""
    among = {each.uid: each.name for each in boards}
    texts = {
        f"{short_name(each)}.json": to_text(to_json(draw_up(each, among, links.reviews)))
        for each in boards
    }
    runbooks = json.dumps(links.runbooks.rstrip("/"))[1:-1]
    return {name: text.replace(RUNBOOKS, runbooks) for name, text in texts.items()}


def build(config: Config, _: RulesForm = AS_PROMETHEUS_TAKES_THEM) -> dict[str, str]:
    """Return boards and provisioning files: text by relative path; they are no rules."""
    sources = config.generated_from
    boards = {
        f"{BOARDS_FOLDER}/{name}": text for name, text in build_boards(config.file.links).items()
    }
    return {
        **boards,
        DASHBOARDS_PROVISIONING_PATH: (
            header(sources) + _DASHBOARDS_COMMENT + _to_yaml(_dashboards_provisioning())
        ),
        DATASOURCES_PROVISIONING_PATH: (
            header(sources) + _DATASOURCES_COMMENT + _to_yaml(_datasources_provisioning(config))
        ),
    }


def short_name(board: Board) -> str:
    """Return what a board's files are called, without their endings."""
    return board.uid.removeprefix(f"{TAG}-")


def _dashboards_provisioning() -> dict[str, Any]:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "allowUiUpdates": False,
                "disableDeletion": False,
                "folder": TAG,
                "name": TAG,
                "options": {"path": GRAFANA_FOLDER},
                "type": "file",
                "updateIntervalSeconds": 30,
            }
        ],
    }


def _datasources_provisioning(config: Config) -> dict[str, Any]:
    prometheus = config.file.prometheus
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "access": "proxy",
                "editable": False,
                # There can be but one default, and it is not ours to take.
                "isDefault": False,
                "jsonData": {
                    "httpMethod": "POST",
                    # The least that $__rate_interval and steps are made of.
                    "timeInterval": format_duration(prometheus.scrape_interval),
                },
                "name": variables.PROVISIONED_NAME,
                "type": variables.DATASOURCE_TYPE,
                "uid": variables.PROVISIONED_UID,
                # Grafana replaces $NAME in these files by environment variables.
                "url": prometheus.url.replace("$", "$$"),
            }
        ],
    }


def _to_yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=True, width=100)
