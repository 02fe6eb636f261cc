"""The driver process of a Ray cluster: requests in over a socket, events out, as a worker does.

Ray is imported here and not in the program: it prints, takes over signals, and ends the process when its cluster ends.
Started by `engine.worker.process` as `python -m engine.cluster.main DESCRIPTOR HOST PORT TOKEN_PATH OPTIONS WORKER...`.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
import threading
import traceback
from collections.abc import Sequence

from engine.cluster.address import Cluster
from engine.cluster.renderer import RayRenderer
from engine.errors import WireError
from engine.rendering.events import Event, PreviewRendered
from engine.rendering.renderer import hand_over
from engine.worker.messages.codec import REQUESTS, Codec, Request
from engine.worker.process import STACKS_SIGNAL
from engine.worker.wire import Wire

STRICT, ON_CPU = "strict", "cpu"
_OWN_THREADS = ("pool", "ray inbox", "ray nodes", "ray requests", "ray events")
"""How the names of the threads begin that are not Ray's."""
_PREVIEW_TIMEOUT = 0.01
"""Seconds that a preview waits for a busy parent before it is dropped: another one follows."""


def program_of(
    cluster: Cluster, *, is_strict: bool = False, on_cpu: bool = False, worker: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return this module and its arguments, for a worker's client.

    Args:
        cluster: The cluster.
        is_strict: Refuse workers that differ in what pictures depend on.
        on_cpu: Render on processors even if there are GPUs.
        worker: The module of the worker processes and its arguments; () for the usual one.
    """
    options = ",".join(word for word, is_set in ((STRICT, is_strict), (ON_CPU, on_cpu)) if is_set)
    return (__name__, cluster.host, str(cluster.port), cluster.token_path, options, *worker)


def serve(descriptor: int, host: str, port: str, token_path: str, options: str, *worker: str) -> None:
    """Pass requests to the cluster, and its events back, until the program ends."""
    faulthandler.register(STACKS_SIGNAL)
    threading.excepthook = end_without_thread
    cluster = Cluster(host=host, port=int(port), token_path=token_path)
    os.environ.update(cluster.environment())
    wire: Wire[Event, Request] = Wire(socket.socket(fileno=descriptor), Codec(REQUESTS))
    renderer = RayRenderer(
        cluster,
        lambda: _end(cluster),
        is_strict=STRICT in options.split(","),
        on_cpu=ON_CPU in options.split(","),
        program=worker,
    )
    renderer.start(lambda event: _send(wire, event))
    while True:
        try:
            request = wire.receive()
        except (EOFError, OSError):
            break
        except WireError as error:
            print(f"the program sent what is no request: {error}", file=sys.stderr, flush=True)  # noqa: T201 (the log)
            break
        hand_over(request, renderer)
    renderer.close()


def _send(wire: Wire[Event, Request], event: Event) -> None:
    """Send an event; this blocks while the parent does not read, but a preview is dropped instead."""
    try:
        if not isinstance(event, PreviewRendered) or wire.is_clear(_PREVIEW_TIMEOUT):
            wire.send(event)
    except OSError:
        os._exit(0)


def end_without_thread(arguments: threading.ExceptHookArgs) -> None:
    """End this process when one of its own threads has failed: nobody would do the work of that thread any more.

    Args:
        arguments: As `threading.excepthook` gets them.
    """
    traceback.print_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
    if arguments.thread is not None and arguments.thread.name.startswith(_OWN_THREADS):
        sys.stderr.flush()
        os._exit(1)


def _end(cluster: Cluster) -> None:
    """End this process, which cannot do anything any more; the program reads the last line."""
    print(f"the Ray cluster at {cluster.address} cannot be reached any more", file=sys.stderr, flush=True)  # noqa: T201 (the log)
    os._exit(1)


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:])
