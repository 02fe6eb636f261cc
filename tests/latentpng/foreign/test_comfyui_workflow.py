"""The editor's graph of ComfyUI alone: links through nodes that only the editor has, and the seed."""

from __future__ import annotations

import time

import pytest

from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_workflow import (
    FROM_EDITOR,
    LINKS,
    OTHER_SEED,
    VALUES,
    Ends,
    editor_node,
    given,
    nodes,
    objects,
    read_workflow,
    text,
    workflow,
)


def test_it_is_read_as_the_api_graph_would_be() -> None:
    assert read_workflow(workflow(nodes())) == ForeignRecord(
        tool="comfyui",
        prompt="a red boat",
        negative_prompt="fog",
        seed=7,
        width=512,
        height=768,
        num_inference_steps=20,
        sampler="dpmpp_2m",
        scheduler="karras",
        guidance_scale=7.5,
        model="boats.safetensors",
        randomness="cpu",
        batch_index=0,
        notes=(FROM_EDITOR,),
        extra=(
            ("sampler_node", "KSampler"),
            ("latent_node", "EmptyLatentImage"),
            ("batch_size", 1),
            ("denoise", 1),
        ),
    )


def test_links_may_be_objects() -> None:
    graph = {**workflow(nodes()), "links": objects(LINKS), "version": 1}
    assert read_workflow(graph) == read_workflow(workflow(nodes()))


def test_links_that_only_the_outputs_list_are_followed() -> None:
    listed: dict[tuple[int, int], list[Json]] = {}
    for key, (origin, output, *_) in LINKS.items():
        listed.setdefault((origin, output), []).append(key)
    entries: list[Json] = []
    for entry in nodes():
        assert isinstance(entry, dict)
        outputs = entry["outputs"]
        assert isinstance(outputs, list)
        kinds = [each["type"] for each in outputs if isinstance(each, dict)]
        key = entry["id"]
        assert isinstance(key, int)
        entries.append(
            {**entry, "outputs": [{"type": kind, "links": listed.get((key, at), [])} for at, kind in enumerate(kinds)]}
        )
    assert read_workflow({"nodes": entries, "links": []}) == read_workflow(workflow(nodes()))


@pytest.mark.parametrize("control", ["randomize", "increment", "decrement"])
def test_a_seed_that_changes_is_not_taken_for_the_pictures(control: str) -> None:
    found = read_workflow(workflow(nodes([7, control, 20, 7.5, "euler", "normal", 1])))
    assert found.seed is None
    assert dict(found.extra)["seed_in_workflow"] == "7"
    assert found.notes == (FROM_EDITOR, OTHER_SEED)
    assert found.unknown_noise == OTHER_SEED
    assert (found.prompt, found.num_inference_steps, found.sampler) == ("a red boat", 20, "euler")


def test_a_negative_seed_stands_for_a_random_one() -> None:
    found = read_workflow(workflow(nodes([-1, "fixed", 20, 7.5, "euler", "normal", 1])))
    assert found.seed is None


@pytest.mark.parametrize(("switch", "seed"), [(False, 7), (True, None)])
def test_the_first_editors_had_a_switch_behind_the_seed(switch: bool, seed: int | None) -> None:
    found = read_workflow(workflow(nodes([7, switch, 20, 7.5, "euler", "normal", 1])))
    assert (found.seed, found.num_inference_steps, found.guidance_scale) == (seed, 20, 7.5)


@pytest.mark.parametrize(
    ("kind", "slots"),
    [
        ("Reroute", [given("", "*", 4)]),
        ("Reroute (rgthree)", [given("", "*", 4)]),
        ("ConditioningZeroOut", [given("conditioning", "CONDITIONING", 4)]),
    ],
)
def test_reroutes_and_bypassed_nodes_pass_on(kind: str, slots: list[Json]) -> None:
    passing = editor_node(20, kind, slots, ["CONDITIONING"], mode=4 if kind == "ConditioningZeroOut" else 0)
    links: dict[int, Ends] = {4: (6, 0, 20, 0, "*"), 20: (20, 0, 3, 1, "CONDITIONING")}
    found = read_workflow(workflow(with_positive(20, passing), links))
    assert found.prompt == "a red boat"


def with_positive(link: int, *more: Json) -> list[Json]:
    """Return the nodes with another link to the positive input of the sampler."""
    inputs = [
        given("model", "MODEL", 1),
        given("positive", "CONDITIONING", link),
        given("negative", "CONDITIONING", 6),
        given("latent_image", "LATENT", 2),
    ]
    return [*nodes(n3=editor_node(3, "KSampler", inputs, ["LATENT"], VALUES)), *more]


def test_a_bypassed_lora_is_not_loaded() -> None:
    lora = editor_node(
        10,
        "LoraLoader",
        [given("model", "MODEL", 10), given("clip", "CLIP", 11)],
        ["MODEL", "CLIP"],
        ["sails.safetensors", 0.5, 1.0],
    )
    links: dict[int, Ends] = {
        10: (4, 0, 10, 0, "MODEL"),
        11: (4, 1, 10, 1, "CLIP"),
        1: (10, 0, 3, 0, "MODEL"),
        3: (10, 1, 6, 0, "CLIP"),
    }
    loaded = read_workflow(workflow([*nodes(), lora], links))
    assert (dict(loaded.extra)["loras"], dict(loaded.extra)["lora_weights"]) == (["sails.safetensors"], [0.5])
    assert isinstance(lora, dict)
    bypassed = read_workflow(workflow([*nodes(), {**lora, "mode": 4}], links))
    assert "loras" not in dict(bypassed.extra)
    assert (bypassed.model, bypassed.prompt) == ("boats.safetensors", "a red boat")


def test_a_muted_node_is_left_out() -> None:
    muted = text(6, 3, "a red boat")
    assert isinstance(muted, dict)
    found = read_workflow(workflow(nodes(n6={**muted, "mode": 2})))
    assert (found.prompt, found.negative_prompt) == ("", "fog")


def test_a_muted_picture_does_not_count() -> None:
    other = editor_node(13, "KSampler", [given("latent_image", "LATENT", 20)], ["LATENT"], VALUES)
    saved = editor_node(2, "SaveImage", [given("images", "LATENT", 21)], mode=2)
    links: dict[int, Ends] = {20: (5, 0, 13, 0, "LATENT"), 21: (13, 0, 2, 0, "LATENT")}
    found = read_workflow(workflow([saved, other, *nodes()], links))
    assert found.prompt == "a red boat"


@pytest.mark.parametrize(("control", "seed"), [("fixed", 99), ("randomize", None)])
def test_a_primitive_node_is_the_value_of_its_target(control: str, seed: int | None) -> None:
    primitive = editor_node(30, "PrimitiveNode", outputs=["INT"], values=[99, control])
    inputs = [
        given("model", "MODEL", 1),
        given("positive", "CONDITIONING", 4),
        given("negative", "CONDITIONING", 6),
        given("latent_image", "LATENT", 2),
        given("seed", "INT", 30, widget="seed"),
    ]
    changed = editor_node(3, "KSampler", inputs, ["LATENT"], [7, "randomize", 20, 7.5, "euler", "normal", 1])
    found = read_workflow(workflow([*nodes(n3=changed), primitive], {30: (30, 0, 3, 4, "INT")}))
    assert (found.seed, found.num_inference_steps) == (seed, 20)
    assert dict(found.extra).get("seed_in_workflow") == (None if seed else "99")


@pytest.mark.parametrize("prefix", ["", "easy "])
def test_a_value_that_is_set_in_one_place_and_got_in_another(prefix: str) -> None:
    setter = editor_node(
        40, "easy setNode" if prefix else "SetNode", [given("CONDITIONING", "CONDITIONING", 4)], ["*"], ["words"]
    )
    getter = editor_node(41, "easy getNode" if prefix else "GetNode", [], ["CONDITIONING"], ["words"])
    links: dict[int, Ends] = {4: (6, 0, 40, 0, "CONDITIONING"), 41: (41, 0, 3, 1, "CONDITIONING")}
    assert read_workflow(workflow(with_positive(41, setter, getter), links)).prompt == "a red boat"
    lonely = read_workflow(workflow(with_positive(41, getter), links))
    assert lonely.prompt == ""


def test_links_of_use_everywhere_are_listed_apart() -> None:
    entries = with_positive(77)  # a link that the file does not have
    assert read_workflow(workflow(entries)).prompt == ""
    sent: list[Json] = [
        {"downstream": 3, "downstream_slot": 1, "upstream": "6", "upstream_slot": 0, "controller": 50, "type": "*"},
        {"downstream": 3, "downstream_slot": 2, "upstream": "6", "upstream_slot": 0},
        {"downstream": 3, "downstream_slot": 9, "upstream": "6", "upstream_slot": 0},
        {"downstream": 77, "downstream_slot": 0, "upstream": "6", "upstream_slot": 0},
        {"downstream": [], "downstream_slot": "x"},
    ]
    found = read_workflow(workflow(entries, extra={"ue_links": sent}))
    assert (found.prompt, found.negative_prompt) == ("a red boat", "fog")


def test_comments_in_a_prompt_are_left_out() -> None:
    words = "a red /* no * blue */ boat // today\non a lake /* open"
    assert read_workflow(workflow(nodes(n6=text(6, 3, words)))).prompt == "a red  boat \non a lake /* open"


def test_comments_that_do_not_end_do_not_take_long() -> None:
    started = time.perf_counter()
    words = "/* " * 10**5
    assert read_workflow(workflow(nodes(n6=text(6, 3, words)))).prompt == words
    assert time.perf_counter() - started < 5


def test_choices_in_a_prompt_are_named() -> None:
    found = read_workflow(workflow(nodes(n6=text(6, 3, "a {red|blue} boat"))))
    assert found.prompt == "a {red|blue} boat"
    assert found.notes == (FROM_EDITOR, "its prompt offers choices in braces, of which the picture has one")


def test_notes_and_labels_do_not_count() -> None:
    notes = [editor_node(60, "Note", values=["a green boat"]), editor_node(61, "MarkdownNote", values=["# Boat"])]
    assert read_workflow(workflow([*nodes(), *notes])) == read_workflow(workflow(nodes()))


def test_a_graph_without_a_sampler_names_only_the_tool() -> None:
    assert read_workflow(workflow(nodes(n3=None))) == ForeignRecord(tool="comfyui")
    assert read_workflow({"nodes": [], "links": []}) == ForeignRecord(tool="comfyui")
