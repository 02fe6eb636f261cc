"""A Ray cluster of several nodes on this machine, in a process of its own that a test controls.

Ray prints, takes over signals and reads its environment once, so it is not imported where tests run.  Every process of
the cluster carries a mark in its environment, by which a test finds it, and finds that none is left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import psutil

from tests.support.engine.workers import ROOT

MARK = "WARMER_TEST_CLUSTER"
_STORE_BYTES = 80 * 2**20
"""The least that Ray accepts is 75 MB."""


class RayNodes:
    """A running cluster.

    Attributes:
        address: Of its control service.
        token_path: The file of its token, "" for a cluster without.
        mark: What its processes carry in their environment.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self.mark = uuid.uuid4().hex
        self.token_path = str(folder / "token") if token else ""
        (folder / "token").write_text(token)
        (folder / "ray").mkdir()
        environment = {
            **os.environ,
            MARK: self.mark,
            "PYTHONPATH": str(ROOT),
            "RAY_TMPDIR": str(folder),
            "RAY_AUTH_MODE": "token" if token else "disabled",
            "RAY_AUTH_TOKEN_PATH": self.token_path,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_health_check_initial_delay_ms": "0",
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_failure_threshold": "3",
        }
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            cwd=folder,
            text=True,
        )
        self.address = self._read()

    def add(self, name: str, cpus: int = 1, gpus: int = 0) -> None:
        """Let a node join that says that it has so many cores and GPUs."""
        self._say(f"add {name} {cpus} {gpus}")

    def kill(self, name: str) -> None:
        """Kill a node and all that runs on it."""
        self._say(f"kill {name}")

    def actors(self) -> list[psutil.Process]:
        """Return the processes of the actors."""
        return self.processes("RemoteWorker")

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes of the actors."""
        return self.processes(" -P -m ")

    def processes(self, words: str = "") -> list[psutil.Process]:
        """Return every process that the cluster or its workers have started and that is alive.

        Args:
            words: A part of its command line.
        """
        return [process for process in psutil.process_iter() if self._is_ours(process, words)]

    def close(self) -> None:
        """End all nodes."""
        self._process.communicate(timeout=60)
        self._log.close()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._read() == "done"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _is_ours(self, process: psutil.Process, words: str) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and words in " ".join(process.cmdline())
        except psutil.Error:
            return False  # it has ended, perhaps just now


@contextmanager
def ray_nodes(token: str = "a token for tests " * 2) -> Iterator[RayNodes]:
    """Start a cluster whose head offers nothing, and end it afterwards.

    Args:
        token: What it asks for; "" for a cluster that asks for nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="wr-"))  # the paths of Ray's sockets are short of room
    nodes = RayNodes(folder, token)
    try:
        yield nodes
    finally:
        nodes.close()
        left = nodes.processes()
        for process in left:
            process.kill()
        rmtree(folder, ignore_errors=True)
        assert not left, f"processes of the cluster are left: {left}"


def serve() -> None:
    """Start a head node, print its address, and obey the lines of standard input."""
    from ray.cluster_utils import Cluster

    common = {"object_store_memory": _STORE_BYTES, "node_ip_address": "127.0.0.1"}
    head = {**common, "num_cpus": 0, "include_dashboard": False, "node_name": "head"}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    print(cluster.address, flush=True)  # noqa: T201
    nodes = {}
    for line in sys.stdin:
        match line.split():
            case "add", name, cpus, gpus:
                nodes[name] = cluster.add_node(num_cpus=int(cpus), num_gpus=int(gpus), node_name=name, **common)
            case "kill", name:
                cluster.remove_node(nodes.pop(name), allow_graceful=False)
        print("done", flush=True)  # noqa: T201
    cluster.shutdown()


if __name__ == "__main__":
    serve()
