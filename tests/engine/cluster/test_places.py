"""Which places for workers a cluster has, and what they are called."""

from __future__ import annotations

from engine.cluster.places import Node, Place, nodes_of, places_of, unique_name


def row(name: str = "", *, alive: bool = True, **resources: float) -> dict[str, object]:
    return {
        "NodeID": f"id-{name}",
        "Alive": alive,
        "NodeManagerAddress": "10.0.0.7",
        "NodeManagerHostname": "host-7",
        "NodeName": name or "10.0.0.7",
        "Resources": {**resources, "memory": 1e9},
    }


def node(name: str, gpus: int = 0, cpus: int = 0) -> Node:
    return Node(node_id=f"id-{name}", name=name, address="10.0.0.7", gpus=gpus, cpus=cpus)


def test_nodes_that_are_alive_by_name() -> None:
    rows = [row("b", CPU=4.0, GPU=2.0), row("gone", alive=False, CPU=8.0), row("a", CPU=1.0)]
    assert nodes_of(rows) == (node("a", cpus=1), node("b", gpus=2, cpus=4))


def test_a_node_without_a_name_of_its_own_has_that_of_its_host() -> None:
    (found,) = nodes_of([row(CPU=1.0)])
    assert found.name == "host-7"


def test_a_node_that_says_nothing_of_itself_offers_nothing() -> None:
    (found,) = nodes_of([{"NodeID": "1", "Alive": True, "NodeManagerAddress": "10.0.0.9"}])
    assert found == Node(node_id="1", name="10.0.0.9", address="10.0.0.9", gpus=0, cpus=0)
    assert places_of([found]) == ()


def test_a_place_for_each_gpu_and_none_beside_them() -> None:
    places = places_of([node("a", gpus=2, cpus=8), node("b", cpus=16), node("c", gpus=1)])
    assert [(place.name, place.num_gpus, place.num_cpus) for place in places] == [
        ("a gpu 0", 1, 0),
        ("a gpu 1", 1, 0),
        ("c gpu 0", 1, 0),
    ]
    assert len({place.key for place in places}) == 3


def test_without_a_gpu_a_place_for_each_node_with_all_its_cores() -> None:
    places = places_of([node("head"), node("a", cpus=2), node("b", cpus=16)])
    assert [(place.name, place.num_gpus, place.num_cpus) for place in places] == [("a cpu", 0, 2), ("b cpu", 0, 16)]


def test_a_worker_computes_with_its_share_of_the_cores() -> None:
    shares = [place.threads for place in places_of([node("a", gpus=2, cpus=9), node("b", gpus=2), node("c", cpus=4)])]
    assert shares == [4, 4, 0, 0]
    assert [place.threads for place in places_of([node("c", cpus=4)])] == [4]


def test_processors_can_be_asked_for_beside_gpus() -> None:
    assert places_of([node("a", gpus=2, cpus=8)], on_cpu=True) == (Place(node=node("a", gpus=2, cpus=8)),)


def test_names_that_are_taken_get_a_number() -> None:
    assert unique_name("a cpu", []) == "a cpu"
    assert unique_name("a cpu", ["b cpu", "a cpu"]) == "a cpu (2)"
    assert unique_name("a cpu", ["a cpu", "a cpu (2)"]) == "a cpu (3)"
