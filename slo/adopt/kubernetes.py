"""Asks for what kube-state-metrics tells of pods and nodes, where a server has its series."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from slo.adopt import names
from slo.adopt.found import KubernetesPod, LabelSet, Pod
from slo.checks.live.asking import Asked

MOST_PODS = 200_000
"""Listed. Of more, nothing is asked."""
_LWS = "label_leaderworkerset_sigs_k8s_io_"
_POD_LABELS = (
    *(f"{_LWS}{each}" for each in ("name", "group_index", "worker_index")),
    f"{_LWS}template_revision_hash",
)
_NODE_LABELS = ("label_topology_kubernetes_io_region", "label_topology_kubernetes_io_zone")


class AskingKubernetes:
    """Asks one server.

    Args:
        asked: the server.
        where: labels, each with the value that all series of interest have.
        unasked: gets what could not be asked.
    """

    def __init__(self, asked: Asked, where: Mapping[str, str], unasked: list[str]) -> None:
        self._asked = asked
        self._where = where
        self._unasked = unasked

    async def ask_pods(self, there: Collection[str]) -> dict[Pod, KubernetesPod]:
        """Return the pods, with what LeaderWorkerSet says of them.

        Args:
            there: names that the server has.

        Raises:
            PrometheusError: if the server does not answer.
        """
        found: dict[Pod, KubernetesPod] = {}
        for name, own in ((names.PODS, ("node",)), (names.POD_LABELS, _POD_LABELS)):
            if name not in there:
                continue
            of_set = [f'{_POD_LABELS[0]}!=""'] if name == names.POD_LABELS else []
            for labels in await self._group(name, ("namespace", "pod"), own, of_set):
                pod = labels.get("namespace", ""), labels.get("pod", "")
                known = found.get(pod, KubernetesPod())
                told = {each: labels[each] for each in own if labels.get(each)}
                node = told.pop("node", known.node)
                found[pod] = KubernetesPod(node, {**known.labels, **told})
        return found

    async def ask_nodes(self, there: Collection[str]) -> dict[str, LabelSet]:
        """Return the labels of nodes that say where they are; as :meth:`ask_pods`."""
        if names.NODE_LABELS not in there:
            return {}
        told = await self._group(names.NODE_LABELS, ("node",), _NODE_LABELS)
        return {
            each["node"]: {k: v for k, v in each.items() if k != "node" and v}
            for each in told
            if each.get("node")
        }

    async def _group(
        self, name: str, keys: Sequence[str], own: Sequence[str], more: Sequence[str] = ()
    ) -> list[LabelSet]:
        """Return sets of labels of kube-state-metrics, or none if there are far too many.

        Where its own labels lost against those of its target, they stand under ``exported_``.
        """
        by = ", ".join((*keys, *(f"exported_{key}" for key in keys), *own))
        asked = f"group by ({by}) ({names.selector(name, self._where, more)})"
        if await self._asked.count(asked) > MOST_PODS:
            self._unasked.append(
                f"{name} has more than {MOST_PODS:,} series: of Kubernetes's pods and nodes "
                "nothing is known but what other series say"
            )
            return []
        samples = await self._asked.prometheus.query(asked)
        exported = {f"exported_{key}": key for key in keys}
        return [
            {
                **each.labels,
                **{exported[k]: value for k, value in each.labels.items() if k in exported},
            }
            for each in samples
        ]
