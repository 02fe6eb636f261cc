"""The program's side of a Ray cluster: a worker's client whose process is the driver.  Imports no Ray."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from engine.cluster.address import cluster_of
from engine.cluster.main import program_of
from engine.errors import InvalidRequestError
from engine.worker import process
from engine.worker.client import WorkerRenderer

_DEVICES = ((), ("auto",), ("cpu",))


def cluster_renderer(address: str, devices: Sequence[str] = (), *, is_strict: bool = False) -> WorkerRenderer:
    """Return a renderer whose work the nodes of a Ray cluster share; it connects with the first load.

    Args:
        address: "auto" or HOST:PORT.
        devices: The devices that were asked for: none, "auto", or "cpu" to leave the GPUs of the cluster alone.
        is_strict: Refuse workers that differ in what pictures depend on.

    Raises:
        InvalidRequestError: Ray is not installed, no cluster or token was found, or a device was named that only one
            machine can have.
    """
    check_installed()
    if tuple(devices) not in _DEVICES:
        raise InvalidRequestError(
            f"--device {','.join(devices)} cannot be combined with --ray, which gives each worker a GPU of its own: "
            "leave out --device, or say --device cpu"
        )
    program = program_of(
        cluster_of(address), is_strict=is_strict, on_cpu=tuple(devices) == ("cpu",), worker=(process.WORKER,)
    )
    return WorkerRenderer(program=program)


def check_installed() -> None:
    """Check that Ray is installed, without importing it.

    Raises:
        InvalidRequestError: It is not.
    """
    if find_spec("ray") is None:
        raise InvalidRequestError("Ray is not installed: run pip install 'warmer[ray]'")
