"""Where a graph of ComfyUI may stand in a picture."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import SIMPLE, Entries, link, node, sampler
from tests.support.foreign.samples_webui import A1111
from tests.support.foreign.samples_workflow import FROM_EDITOR, OTHER_SEED, nodes, workflow

API = json.dumps(SIMPLE)
EDITOR = json.dumps(workflow(nodes()))
EXPECTED = foreign_from_texts({"prompt": API})


def both(prompt: Json, editor: Json) -> str:
    return json.dumps({"prompt": prompt, "workflow": editor})


@pytest.mark.parametrize(
    "keyword", ["UserComment", "ImageDescription", "Comment", "Copyright", "generation", "workflow"]
)
@pytest.mark.parametrize(
    "text",
    [
        API,
        json.dumps(API),
        json.dumps(json.dumps(API)),
        f"prompt:{API}",
        f"Prompt: {API}",
        f"workflow:{API}",
        f"Workflow:{EDITOR}\nPrompt:{API}\n",
        both(SIMPLE, workflow(nodes())),
        both(API, EDITOR),
        json.dumps(both(API, EDITOR)),
        json.dumps({"workflow": {"nodes": [], "links": []}, "output": SIMPLE}),
        json.dumps({"prompt": SIMPLE, "extra_data": {"extra_pnginfo": {"workflow": workflow(nodes())}}}),
        json.dumps({"prompt": [3, "id", SIMPLE, {}]}),
        f"\ufeff {API}\0",
    ],
    ids=range(14),
)  # fmt: skip
def test_the_api_graph_is_found(keyword: str, text: str) -> None:
    assert foreign_from_texts({keyword: text}) == EXPECTED


@pytest.mark.parametrize("text", [EDITOR, f"workflow:{EDITOR}", json.dumps({"extra_pnginfo": {"workflow": EDITOR}})])
def test_the_editors_graph_is_found(text: str) -> None:
    found = foreign_from_texts({"Copyright": text})
    assert (found.prompt, found.seed, found.notes) == ("a red boat", 7, (FROM_EDITOR,))


def test_the_api_graph_counts_before_the_editors() -> None:
    changed = json.dumps(workflow(nodes([8, "fixed", 30, 1, "euler", "normal", 1])))
    assert foreign_from_texts({"Copyright": changed, "Make": f"prompt:{API}"}) == EXPECTED
    assert foreign_from_texts({"workflow": changed, "prompt": API}) == EXPECTED


def test_numbers_that_json_does_not_have_are_tolerated() -> None:
    odd = API.replace("1.0", "NaN").replace("7.5", "Infinity")
    found = foreign_from_texts({"prompt": odd})
    assert (found.seed, found.guidance_scale, found.prompt) == (7, None, "a red boat")


CIVITAI: Entries = {
    **SIMPLE,
    "extra": {"airs": ["urn:air:sdxl:checkpoint:civitai:1@2"]},
}
TOLD: Entries = {
    "prompt": "other words",
    "negativePrompt": "other fog",
    "steps": 31,
    "cfgScale": 3,
    "sampler": "Euler",
    "scheduler": "simple",
    "seed": 99,
    "width": 640,
    "height": 832,
    "workflowId": "txt2img",
    "resources": [{"modelVersionId": 2, "strength": 1}],
}
REST = (("workflowId", "txt2img"), ("resources", [{"modelVersionId": 2, "strength": 1}]))


@pytest.mark.parametrize("told", [json.dumps(TOLD), TOLD])
def test_civitai_adds_what_the_graph_does_not_say(told: Json) -> None:
    found = foreign_from_texts({"UserComment": json.dumps({**CIVITAI, "extraMetadata": told})})
    assert found.made_by == "Civitai"
    assert (found.prompt, found.seed, found.num_inference_steps, found.width) == ("a red boat", 7, 20, 512)
    assert found.extra == (*EXPECTED.extra, *REST)


def test_civitai_says_it_all_for_a_graph_that_is_not_understood() -> None:
    graph: Entries = {"1": node("Mystery", boat=link("2")), "extraMetadata": json.dumps(TOLD)}
    assert foreign_from_texts({"UserComment": json.dumps(graph)}) == ForeignRecord(
        tool="comfyui",
        prompt="other words",
        negative_prompt="other fog",
        seed=99,
        width=640,
        height=832,
        num_inference_steps=31,
        sampler="Euler",
        scheduler="simple",
        guidance_scale=3,
        made_by="Civitai",
        extra=REST,
    )


def test_the_seed_of_civitai_is_not_that_of_a_sampler_without_noise() -> None:
    graph: Entries = {**SIMPLE, "3": sampler(link("5"), add_noise="disable"), "extraMetadata": json.dumps(TOLD)}
    assert foreign_from_texts({"UserComment": json.dumps(graph)}).seed is None


@pytest.mark.parametrize("told", ["", "{", "[]", 3, None, [], {}])
def test_civitai_may_say_nothing(told: Json) -> None:
    assert foreign_from_texts({"UserComment": json.dumps({**SIMPLE, "extraMetadata": told})}) == replace(
        EXPECTED, made_by="Civitai"
    )


def test_a_seed_that_another_text_names_is_the_pictures() -> None:
    random = json.dumps(workflow(nodes([7, "randomize", 20, 7.5, "euler", "normal", 1])))
    named = foreign_from_texts({"workflow": random, "parameters": "a boat\nSteps: 20, Seed: 7, Size: 512x768"})
    assert (named.seed, named.notes) == (7, (FROM_EDITOR,))
    other = foreign_from_texts({"workflow": random, "parameters": "a boat\nSteps: 20, Seed: 71, Size: 512x768"})
    assert (other.seed, other.notes) == (None, (FROM_EDITOR, OTHER_SEED))


BIG = '{"last_node_id": 3, "nodes": [' + '{"":1},' * 200_000 + "{}]}"
DEEP = '{"last_node_id": 3, "nodes": ' + "[" * 70 + "]" * 70 + "}"
LONG = '{"last_node_id": 3, "nodes": "' + "a" * 2**21 + '"}'


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (BIG, "its workflow has more than 500000 values, so it is not read"),
        (DEEP, "its workflow has more than 64 levels, so it is not read"),
        (LONG, "its workflow has more than 2097152 characters, so it is not read"),
        (EDITOR[:-40], "its workflow is no valid JSON, so it is not read"),
    ],
    ids=["big", "deep", "long", "cut"],
)
def test_a_graph_that_is_not_read_is_named(text: str, note: str) -> None:
    assert foreign_from_texts({"workflow": text}) == ForeignRecord(tool="comfyui", notes=(note,))
    assert foreign_from_texts({"workflow": text, "prompt": API}) == EXPECTED
    assert foreign_from_texts({"workflow": text, **A1111.texts}) == A1111.record


def test_a_workflow_of_two_thousand_nodes_is_read() -> None:
    notes: list[Json] = [{"id": at, "type": "Note", "widgets_values": ["x" * 300]} for at in range(100, 2100)]
    text = json.dumps(workflow([*notes, *nodes()]))
    assert foreign_from_texts({"workflow": text}).prompt == "a red boat"


@pytest.mark.parametrize(
    "text",
    [
        '{"nodes": [], "edges": []}',
        '{"nodes": {"a": 1}}',
        '{"class_type": "x"}',
        '["class_type"]',
        '"class_type"',
        "class_type {}",
        '{"nodes": [',
    ],
)
def test_other_texts_are_no_graph(text: str) -> None:
    assert foreign_from_texts({"workflow": text, "UserComment": text}).tool == "unknown"
