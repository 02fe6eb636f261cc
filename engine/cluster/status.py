"""What a Ray cluster consists of: its nodes and the workers of warmer on them.

Ray is asked by a process of its own, `engine.cluster.report`, because it prints and takes over signals.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from engine.cluster.address import Cluster
from engine.cluster.security import check_cluster
from engine.errors import RenderError
from engine.worker.process import worker_environment

_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeStatus:
    """A node of the cluster.

    Attributes:
        name: Its name.
        address: The address by which the others reach it.
        gpus: The number of GPUs that it offers.
        cpus: The number of processor cores that it offers.
    """

    name: str
    address: str
    gpus: int
    cpus: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerStatus:
    """A worker of warmer in the cluster; it belongs to one program.

    Attributes:
        node: The name of its node.
        devices: The GPUs that it has, as CUDA_VISIBLE_DEVICES names them; "" for none.
        model: The name of the model that it has loaded; "" for none.
        version: The version of warmer on its node.
    """

    node: str
    devices: str
    model: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterStatus:
    """What a cluster consists of.  It asks for a token: others are not looked at.

    Attributes:
        address: Of its control service.
        nodes: The nodes, in the order of their names.
        workers: The workers that answer.
    """

    address: str
    nodes: tuple[NodeStatus, ...]
    workers: tuple[WorkerStatus, ...]


def status_of(cluster: Cluster) -> ClusterStatus:
    """Return what a cluster consists of.

    Raises:
        RenderError: It cannot be reached, or anyone could use it.
    """
    check_cluster(cluster)
    command = [sys.executable, "-P", "-m", "engine.cluster.report", cluster.address]
    environment = {**os.environ, **worker_environment(), **cluster.environment()}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=_SECONDS, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        return ClusterStatus(
            address=cluster.address,
            nodes=tuple(NodeStatus(**node) for node in found["nodes"]),
            workers=tuple(WorkerStatus(**worker) for worker in found["workers"]),
        )
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        raise RenderError(f"the Ray cluster at {cluster.address} did not say what it consists of") from error
