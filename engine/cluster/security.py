"""Refuses Ray clusters that anyone could use: whoever can send work to a cluster runs programs on its machines.

See CVE-2023-48022 and CVE-2025-62593.  Ray has tokens since version 2.52, but asks for none by default.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping

from engine.cluster.address import Cluster
from engine.cluster.probe import ACCEPTED, REJECTED
from engine.errors import RenderError
from engine.worker.process import worker_environment

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
"""Until what does not answer is no cluster; a machine that is busy takes long to import Ray."""


def check_cluster(cluster: Cluster) -> None:
    """Check that a cluster accepts our token, and nobody without one.

    Raises:
        RenderError: It does not, or it cannot be reached.
    """
    try:
        check_reachable(cluster)
    except OSError as error:
        raise RenderError(
            f"the Ray cluster at {cluster.address} cannot be reached ({error.strerror or error}): check the address, "
            "and that its head node runs"
        ) from error
    anyone, ours = _answers(cluster)
    if anyone == ACCEPTED:
        raise RenderError(
            f"the Ray cluster at {cluster.address} is used without tokens, so that whoever reaches it can run programs "
            "on its machines: start it again with RAY_AUTH_MODE=token on all of them"
        )
    if ours == REJECTED:
        raise RenderError(
            f"the Ray cluster at {cluster.address} does not accept the token of this machine: copy the token of its "
            "head node to this machine, and set RAY_AUTH_TOKEN_PATH to the file"
        )
    if ours != ACCEPTED:
        raise RenderError(f"what answers at {cluster.address} is no Ray cluster that this version of Ray can use")


def check_reachable(cluster: Cluster) -> None:
    """Check that something answers at the address of a cluster.

    Raises:
        OSError: Nothing does.
    """
    socket.create_connection((cluster.host.strip("[]"), cluster.port), timeout=_CONNECT_SECONDS).close()


def _answers(cluster: Cluster) -> tuple[int, int]:
    """Ask without a token and with ours, both at once."""
    without = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH_")}
    asked = (
        _ask(cluster, {**without, **cluster.environment(), "RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN_PATH": ""}),
        _ask(cluster, {**os.environ, **cluster.environment()}),
    )
    until = time.monotonic() + _ANSWER_SECONDS
    anyone, ours = (_exit_code(process, until) for process in asked)
    return anyone, ours


def _ask(cluster: Cluster, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.cluster.probe", cluster.address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": worker_environment().get("PYTHONPATH", "")},
    )


def _exit_code(process: subprocess.Popen[bytes], until: float) -> int:
    try:
        return process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
