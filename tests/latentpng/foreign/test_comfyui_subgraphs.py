"""Subgraphs and group nodes in the editor's graph of ComfyUI."""

from __future__ import annotations

import pytest

from latentpng.foreign.tools.comfyui.workflow import converted
from latentpng.record import Json
from tests.support.foreign.samples_workflow import (
    LINKS,
    VALUES,
    Ends,
    editor_node,
    given,
    latent,
    loader,
    nodes,
    objects,
    read_workflow,
    sampler,
    text,
    workflow,
)

BOX = "11111111-2222-4333-8444-555555555555"
SHELF = "66666666-7777-4888-9999-000000000000"


def box(inputs: list[Json], entries: list[Json], links: dict[int, Ends], key: str = BOX) -> Json:
    """Return the definition of a subgraph."""
    return {
        "id": key,
        "name": "Box",
        "inputs": inputs,
        "outputs": [{"name": "out", "type": "*"}],
        "inputNode": {"id": -10},
        "outputNode": {"id": -20},
        "nodes": entries,
        "links": objects(links),
    }


def with_boxes(entries: list[Json], links: dict[int, Ends], *boxes: Json) -> dict[str, Json]:
    return workflow(entries, links, definitions={"subgraphs": list(boxes)})


def words(widget: bool = True) -> Json:
    """Return an encoder whose text is linked to the first input of its subgraph."""
    inputs = [given("clip", "CLIP", 2), given("text", "STRING", 1, widget="text" if widget else "")]
    return editor_node(1, "CLIPTextEncode", inputs, ["CONDITIONING"], ["its own words"])


INNER_LINKS: dict[int, Ends] = {
    1: (-10, 0, 1, 1, "STRING"),
    2: (-10, 1, 1, 0, "CLIP"),
    3: (1, 0, -20, 0, "CONDITIONING"),
}
BOX_INPUTS: list[Json] = [{"name": "words", "type": "STRING"}, {"name": "clip", "type": "CLIP"}]


def instance(*, key: int = 6, values: Json = None, proxies: Json = None, word_link: int | None = None) -> Json:
    properties: dict[str, Json] = {} if proxies is None else {"proxyWidgets": proxies}
    inputs = [given("words", "STRING", word_link, widget="words"), given("clip", "CLIP", 3)]
    return editor_node(key, BOX, inputs, ["CONDITIONING"], [] if values is None else values, properties=properties)


def test_a_subgraph_is_taken_apart_under_the_keys_of_the_api() -> None:
    definition = box(BOX_INPUTS, [words()], INNER_LINKS)
    graph = with_boxes(nodes(n6=instance()), {3: (4, 1, 6, 1, "CLIP")}, definition)
    entries = converted(graph).entries
    assert list(entries) == ["3", "4", "5", "7", "8", "9", "6:1"]
    inner, outer = entries["6:1"], entries["3"]
    assert isinstance(inner, dict)
    assert isinstance(outer, dict)
    assert inner["inputs"] == {"text": "its own words", "clip": ["4", 1]}
    assert isinstance(outer["inputs"], dict)
    assert outer["inputs"]["positive"] == ["6:1", 0]


@pytest.mark.parametrize(
    ("values", "proxies", "prompt"),
    [
        ([], None, "its own words"),
        ([], [["1", "text"]], "its own words"),
        (["given words"], [["-1", "words"]], "given words"),
        (["x", "given words"], [["1", "text"], ["-1", "words"]], "given words"),
        (["given words"], [["1", "text"], ["-1", "words"]], "given words"),
        (["given words"], None, "given words"),
        (["given words", "x", "y"], [["-1", "words"], ["1", "text"]], "its own words"),
        (["given words", 1, 2], None, "its own words"),
        ({"words": "x"}, [[], 3, ["-1"]], "its own words"),
    ],
)
def test_values_of_a_subgraph_are_those_of_its_inputs(values: Json, proxies: Json, prompt: str) -> None:
    definition = box(BOX_INPUTS, [words()], INNER_LINKS)
    graph = with_boxes(nodes(n6=instance(values=values, proxies=proxies)), {3: (4, 1, 6, 1, "CLIP")}, definition)
    assert read_workflow(graph).prompt == prompt


def test_a_link_into_a_subgraph_counts_before_its_values() -> None:
    definition = box(BOX_INPUTS, [words()], INNER_LINKS)
    source = editor_node(70, "PrimitiveStringMultiline", outputs=["STRING"], values=["linked words"])
    links: dict[int, Ends] = {3: (4, 1, 6, 1, "CLIP"), 70: (70, 0, 6, 0, "STRING")}
    entries = [*nodes(n6=instance(values=["given words"], word_link=70)), source]
    assert read_workflow(with_boxes(entries, links, definition)).prompt == "linked words"


def test_a_seed_inside_changes_as_the_sampler_inside_says() -> None:
    inner_links: dict[int, Ends] = {
        **{key: ends for key, ends in LINKS.items() if key in (1, 2, 3, 4, 5, 6)},
        50: (-10, 0, 3, 4, "INT"),
        51: (3, 0, -20, 0, "LATENT"),
        52: (4, 2, -20, 1, "VAE"),
    }
    for control, seed in (("fixed", 44), ("randomize", None)):
        seeded = sampler([7, control, 20, 7.5, "euler", "normal", 1], more=[given("seed", "INT", 50, widget="seed")])
        inside = [seeded, loader(), latent(), text(6, 3, "a red boat"), text(7, 5, "fog")]
        definition = box([{"name": "seed", "type": "INT"}], inside, inner_links)
        outer = editor_node(30, BOX, [], ["LATENT", "VAE"], [44], properties={"proxyWidgets": [["-1", "seed"]]})
        links: dict[int, Ends] = {7: (30, 0, 8, 0, "LATENT"), 8: (30, 1, 8, 1, "VAE")}
        entries = [each for each in nodes() if isinstance(each, dict) and each["id"] in (8, 9)]
        found = read_workflow(with_boxes([*entries, outer], links, definition))
        assert (found.seed, found.prompt, found.width) == (seed, "a red boat", 512)
        assert dict(found.extra).get("seed_in_workflow") == (None if seed else "44")


def test_subgraphs_may_stand_in_subgraphs() -> None:
    shelf_links: dict[int, Ends] = {
        1: (-10, 0, 2, 0, "STRING"),
        2: (-10, 1, 2, 1, "CLIP"),
        3: (2, 0, -20, 0, "CONDITIONING"),
    }
    inner = editor_node(2, BOX, [given("words", "STRING", 1), given("clip", "CLIP", 2)], ["CONDITIONING"])
    shelf = box(BOX_INPUTS, [inner], shelf_links, SHELF)
    outer = instance(values=["given words"])
    assert isinstance(outer, dict)
    graph = with_boxes(
        nodes(n6={**outer, "type": SHELF}),
        {3: (4, 1, 6, 1, "CLIP")},
        shelf,
        box(BOX_INPUTS, [words()], INNER_LINKS),
    )
    assert "6:2:1" in converted(graph).entries
    assert read_workflow(graph).prompt == "given words"


def test_a_bypassed_subgraph_passes_on_and_a_muted_one_is_nothing() -> None:
    inputs = [given("conditioning", "CONDITIONING", 4)]
    links: dict[int, Ends] = {4: (6, 0, 20, 0, "CONDITIONING"), 20: (20, 0, 3, 1, "CONDITIONING")}
    changed = sampler(VALUES)
    assert isinstance(changed, dict)
    slots = [given("positive", "CONDITIONING", 20), given("latent_image", "LATENT", 2)]
    for mode, prompt in ((4, "a red boat"), (2, "")):
        boxed = editor_node(20, BOX, inputs, ["CONDITIONING"], mode=mode)
        entries = [*nodes(n3={**changed, "inputs": slots}), boxed]
        assert read_workflow(with_boxes(entries, links, box([], [], {}))).prompt == prompt


def group(external: Json = None, config: Json = None) -> Json:
    """Return a group of an encoder and a loader: its input is a text, its outputs are conditioning and model."""
    return {
        "nodes": [
            {**dict_of(editor_node(-1, "CLIPTextEncode", [given("clip", "CLIP")], ["CONDITIONING"], ["group words"]))},
            {**dict_of(loader(-1)), "index": 1},
        ],
        "links": [[1, 1, 0, 0, 30, "CLIP"], [None, 0, 0, 1, 4, "STRING"], ["x"], 5],
        "external": external or [],
        "config": config or {},
    }


def dict_of(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return {key: each for key, each in value.items() if key != "id"}


@pytest.mark.parametrize("prefix", ["workflow/", "workflow>"])
@pytest.mark.parametrize(
    ("values", "prompt", "model"),
    [
        (["a green boat", "other.safetensors"], "a green boat", "other.safetensors"),
        ([], "group words", "boats.safetensors"),
        (["x"], "group words", "boats.safetensors"),
    ],
)
def test_a_group_node_is_taken_apart(prefix: str, values: list[Json], prompt: str, model: str) -> None:
    grouped = editor_node(6, f"{prefix}words", [], ["CONDITIONING", "MODEL", "VAE"], values)
    links: dict[int, Ends] = {1: (6, 1, 3, 0, "MODEL"), 4: (6, 0, 3, 1, "CONDITIONING")}
    found = read_workflow(workflow(nodes(n6=grouped), links, extra={"groupNodes": {"words": group()}}))
    assert (found.prompt, found.model, found.negative_prompt) == (prompt, model, "fog")


def test_outputs_of_a_group_that_are_linked_inside_are_hidden_unless_they_are_external_or_shown() -> None:
    links: dict[int, Ends] = {1: (6, 2, 3, 0, "MODEL"), 4: (6, 0, 3, 1, "CONDITIONING"), 99: (6, 1, 3, 9, "X")}
    grouped = editor_node(6, "workflow/words", [], ["CONDITIONING", "X", "MODEL"], ["a green boat", "m.safetensors"])
    swapped = group(config={"0": {"output": {"0": {"visible": True}}}, "1": {"output": {"0": {"visible": False}}}})
    found = read_workflow(workflow(nodes(n6=grouped), links, extra={"groupNodes": {"words": swapped}}))
    assert (found.prompt, found.model) == ("a green boat", "")
    plain: dict[int, Ends] = {1: (6, 1, 3, 0, "MODEL"), 3: (6, 2, 7, 0, "CLIP"), 4: (6, 0, 3, 1, "CONDITIONING")}
    external = group(external=[[1, 1, "CLIP"]])
    found = read_workflow(workflow(nodes(n6=grouped), plain, extra={"groupNodes": {"words": external}}))
    assert (found.prompt, found.model) == ("a green boat", "m.safetensors")


@pytest.mark.parametrize(("inner_kind", "outer_kind"), [("CLIP", "CLIP"), ("CLIP", "*"), ("*", "CLIP")])
def test_inputs_of_a_group_are_the_free_inputs_of_its_nodes(inner_kind: str, outer_kind: str) -> None:
    encoder = dict_of(editor_node(-1, "CLIPTextEncode", [given("clip", inner_kind)], ["CONDITIONING"], ["group words"]))
    free: Json = {"nodes": [encoder], "links": []}
    grouped = editor_node(
        6, "workflow/words", [given("clip", outer_kind, 3), given("other", "X")], ["CONDITIONING"], []
    )
    graph = workflow(nodes(n6=grouped), {3: (4, 1, 6, 1, "CLIP")}, extra={"groupNodes": {"words": free}})
    inner = converted(graph).entries["6:0"]
    assert isinstance(inner, dict)
    assert inner["inputs"] == {"text": "group words", "clip": ["4", 1]}
