"""Where in a Ray cluster workers can run: a place for each GPU, or for each node where the cluster has no GPU.

Pure functions of what Ray tells about its nodes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A node of the cluster that is alive.

    Attributes:
        node_id: As Ray names it, in hexadecimal digits.
        name: What people call it: its `--node-name`, else the name of its host; several nodes may share one.
        address: The address by which the others reach it.
        gpus: The number of GPUs that it offers.
        cpus: The number of processor cores that it offers.
    """

    node_id: str
    name: str
    address: str
    gpus: int
    cpus: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place for one worker.

    Attributes:
        node: The node.
        gpu: The index of the GPU among those of the node; -1 for all of its cores instead of a GPU.
    """

    node: Node
    gpu: int = -1

    @property
    def key(self) -> tuple[str, int]:
        """Tells places apart for as long as their nodes are in the cluster."""
        return self.node.node_id, self.gpu

    @property
    def name(self) -> str:
        """Its name in messages; places of nodes with the same name share it."""
        return f"{self.node.name} cpu" if self.gpu < 0 else f"{self.node.name} gpu {self.gpu}"

    @property
    def num_gpus(self) -> int:
        """The number of GPUs that a worker here needs."""
        return int(self.gpu >= 0)

    @property
    def num_cpus(self) -> int:
        """The number of cores that a worker here needs; 0 with a GPU, so that the node has to offer no core."""
        return self.node.cpus if self.gpu < 0 else 0

    @property
    def threads(self) -> int:
        """The number of threads for computing on the CPU: a share of the cores for each GPU, 0 where there are none."""
        return self.node.cpus // self.node.gpus if self.num_gpus else self.node.cpus


def nodes_of(rows: Iterable[Mapping[str, object]]) -> tuple[Node, ...]:
    """Return the nodes that are alive, in the order of their names.

    Args:
        rows: The answer of `ray.nodes()`.
    """
    nodes = (
        Node(
            node_id=str(row["NodeID"]),
            name=_name_of(row),
            address=str(row.get("NodeManagerAddress") or ""),
            gpus=_amount(row, "GPU"),
            cpus=_amount(row, "CPU"),
        )
        for row in rows
        if row.get("Alive")
    )
    return tuple(sorted(nodes, key=lambda node: (node.name, node.node_id)))


def places_of(nodes: Iterable[Node], *, on_cpu: bool = False) -> tuple[Place, ...]:
    """Return the places for workers: one for each GPU; one for each node with all its cores where there is no GPU.

    Args:
        nodes: The nodes of the cluster.
        on_cpu: Render on processors even if there are GPUs.
    """
    known = tuple(nodes)
    if on_cpu or not any(node.gpus for node in known):
        return tuple(Place(node=node) for node in known if node.cpus)
    return tuple(Place(node=node, gpu=gpu) for node in known for gpu in range(node.gpus))


def unique_name(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number behind it if it is taken."""
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def _name_of(row: Mapping[str, object]) -> str:
    """The name that a node was given; to one without a name, Ray gives that of its address."""
    name, address, host = (str(row.get(key) or "") for key in ("NodeName", "NodeManagerAddress", "NodeManagerHostname"))
    return name if name and name != address else host or address


def _amount(row: Mapping[str, object], kind: str) -> int:
    resources = row.get("Resources")
    amount = resources.get(kind, 0) if isinstance(resources, Mapping) else 0
    return int(amount) if isinstance(amount, int | float) else 0
