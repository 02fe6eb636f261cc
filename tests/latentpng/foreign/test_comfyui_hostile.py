"""Editor's graphs of ComfyUI that are huge, circular or absurd: they end soon, with our own result."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest

from latentpng.foreign.show import foreign_json, foreign_lines
from latentpng.foreign.tools.comfyui.subgraphs import MAX_NODES, flat
from latentpng.foreign.tools.comfyui.workflow import converted
from latentpng.record import Json
from tests.support.foreign.replacing import replaced
from tests.support.foreign.samples_workflow import Ends, editor_node, given, nodes, read_workflow, workflow

WRONG: tuple[Json, ...] = (None, True, -1, 1e300, "9" * 100, [[]], {"a": {}})
BOX = "11111111-2222-4333-8444-555555555555"
TOO_LARGE = "its workflow has too many nodes or inputs, so not all of it is read"
TOO_MANY = "its workflow has more than 4096 nodes, so not all of it is read"


def full() -> Json:
    """Return a graph with a subgraph, a group node, a primitive, a getter and links of Use Everywhere."""
    inner = [editor_node(1, "CLIPTextEncode", [given("text", "STRING", 1, widget="text")], ["CONDITIONING"], ["a"])]
    definition: Json = {
        "id": BOX,
        "inputs": [{"name": "words", "type": "STRING"}],
        "nodes": inner,
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0}],
    }
    group: Json = {
        "nodes": [{"type": "VAELoader", "outputs": [{"type": "VAE"}]}],
        "links": [[0, 0, 0, 0]],
        "external": [],
    }
    more = [
        editor_node(20, BOX, [given("words", "STRING")], ["*"], ["a"], properties={"proxyWidgets": [["-1", "words"]]}),
        editor_node(21, "workflow/g", [given("x", "VAE", 8)], ["VAE"], ["v.pt"]),
        editor_node(22, "PrimitiveNode", outputs=["INT"], values=[3, "fixed"]),
        editor_node(23, "GetNode", outputs=["*"], values=["a"]),
    ]
    extra: Json = {"groupNodes": {"g": group}, "ue_links": [{"downstream": 3, "downstream_slot": 0, "upstream": 4}]}
    return workflow([*nodes(), *more], definitions={"subgraphs": [definition]}, extra=extra)


@pytest.mark.parametrize("wrong", WRONG, ids=map(repr, WRONG))
def test_values_of_a_wrong_type_are_absent(wrong: Json) -> None:
    counter = [0]
    replaced(full(), wrong, counter)
    for at in range(1, 1 - counter[0]):
        record = read_workflow(replaced(full(), wrong, [at]))
        foreign_lines(record)
        json.dumps(foreign_json(record))
        assert record.tool in ("", "unknown", "comfyui")
        assert isinstance(record.prompt, str)


@pytest.mark.parametrize("kind", ["Reroute", "KSampler"])
def test_circles_of_nodes_that_pass_on_end_nowhere(kind: str) -> None:
    mode = 0 if kind == "Reroute" else 4
    circle = [editor_node(at, kind, [given("x", "*", at)], ["*"], mode=mode) for at in (20, 21, 22)]
    links: dict[int, Ends] = {
        20: (22, 0, 20, 0, "*"),
        21: (20, 0, 21, 0, "*"),
        22: (21, 0, 22, 0, "*"),
        4: (22, 0, 3, 1, "*"),
    }
    found = read_workflow(workflow([*nodes(), *circle], links))
    assert (found.prompt, found.negative_prompt) == ("", "fog")


def test_a_long_chain_of_reroutes_is_followed_to_its_end() -> None:
    count = 10_000
    chain = [editor_node(at, "Reroute", [given("", "*", at)], ["*"]) for at in range(100, 100 + count)]
    links: dict[int, Ends] = {at: (at - 1, 0, at, 0, "*") for at in range(101, 100 + count)}
    links |= {100: (6, 0, 100, 0, "*"), 4: (99 + count, 0, 3, 1, "*")}
    assert read_workflow(workflow([*nodes(), *chain], links)).prompt == "a red boat"


@pytest.mark.parametrize("inside", [1, 2, 50])
def test_subgraphs_that_contain_themselves_end(inside: int) -> None:
    entries = [editor_node(at, BOX, [given("x", "*", 1)], ["*"]) for at in range(inside)]
    links: Json = [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 0, "target_slot": 0}]
    definition: Json = {"id": BOX, "inputs": [{"name": "x", "type": "*"}], "nodes": entries, "links": links}
    graph = workflow([*nodes(), editor_node(50, BOX, [], ["*"])], definitions={"subgraphs": [definition]})
    started = time.perf_counter()
    found = read_workflow(graph)
    assert time.perf_counter() - started < 5
    assert len(flat(graph).nodes) <= MAX_NODES + 2
    assert found.prompt == "a red boat"
    assert (TOO_LARGE in found.notes) == (inside > 1)


def test_a_hundred_thousand_nodes_are_cut_and_named() -> None:
    many: list[Json] = [{"id": at, "type": "X"} for at in range(1000, 101_000)]
    started = time.perf_counter()
    assert len(converted(workflow([*nodes(), *many])).entries) == MAX_NODES
    found = read_workflow(workflow([*nodes(), *many[:65_000]]))
    assert time.perf_counter() - started < 10
    assert found.prompt == "a red boat"
    assert TOO_MANY in found.notes


def test_what_is_small_in_the_file_stays_small_in_memory() -> None:
    slots = [given(f"s{at}", "*") for at in range(256)]
    inner = editor_node(1, "X", slots, ["*"] * 256, list(range(256)))
    definition: Json = {"id": BOX, "inputs": [], "nodes": [inner], "links": []}
    boxes = [editor_node(at, BOX, slots[:2], ["*"]) for at in range(100, 2000)]
    graph = workflow([*nodes(), *boxes], definitions={"subgraphs": [definition]})
    groups: Json = {"g": {"nodes": [inner] * 8, "links": [[0, 0, 1, 0]] * 5000}}
    grouped = workflow([editor_node(at, "workflow/g", slots) for at in range(20)], extra={"groupNodes": groups})
    for each in (graph, grouped):
        tracemalloc.start()
        started = time.perf_counter()
        try:
            converted(each)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 60 * 2**20
        assert time.perf_counter() - started < 20


def test_links_with_negative_or_huge_numbers_lead_nowhere() -> None:
    links: dict[int, Ends] = {4: (6, -1, 3, 1, "*"), 1: (4, 10**30, 3, 0, "*"), 2: (-5, 0, 3, 3, "*")}
    assert read_workflow(workflow(nodes(), links)).tool == "comfyui"
