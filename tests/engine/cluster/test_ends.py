"""How the end of an actor is told, and a cluster that cannot be used."""

from __future__ import annotations

import socket
import threading

import pytest

from engine.cluster import security
from engine.cluster.address import Cluster
from engine.cluster.member import how_an_actor_ended
from engine.cluster.security import check_cluster
from engine.errors import RenderError

pytest.importorskip("ray")

AGAIN = "it starts again with the next picture"


def test_how_an_actor_ended() -> None:
    from ray import exceptions as kinds

    told = {
        kinds.ActorDiedError(): f"its Ray actor died; {AGAIN}",
        kinds.RayActorError(): f"its Ray actor died; {AGAIN}",
        kinds.OutOfMemoryError("no"): f"Ray killed its actor, because the memory of the node was nearly full; {AGAIN}",
        kinds.ActorUnschedulableError("no"): "its node has left the Ray cluster",
        kinds.ActorUnavailableError("no", None): f"its node could not be reached; {AGAIN}",
        kinds.RayTaskError("events", "trace\nValueError: 3 is no slot\n\n", ValueError("3 is no slot")): (
            f"its Ray actor failed: ValueError: 3 is no slot; {AGAIN}"
        ),
    }
    assert {error: how_an_actor_ended(error) for error in told} == told


def refusal(port: int) -> str:
    with pytest.raises(RenderError) as caught:
        check_cluster(Cluster(host="127.0.0.1", port=port))
    return str(caught.value)


def test_an_address_where_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert refusal(port) == (
        f"the Ray cluster at 127.0.0.1:{port} cannot be reached (Connection refused): check the address, and that its "
        "head node runs"
    )


def test_an_address_where_something_else_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_ANSWER_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_hang_up, args=(server,), daemon=True).start()
        port = server.getsockname()[1]
        assert refusal(port) == f"what answers at 127.0.0.1:{port} is no Ray cluster that this version of Ray can use"


def _hang_up(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return
