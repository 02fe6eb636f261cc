"""Links of ComfyUI's graphs: through nodes that only pass values on, to what makes the values."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from latentpng.foreign.tools.comfyui.graph import Graph, graph_of
from latentpng.foreign.tools.comfyui.outputs import along, given, resolve
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import Entries, link, node

ENDS: Entries = {
    "m": node("CheckpointLoaderSimple", ckpt_name="boats.safetensors"),
    "p": node("CLIPTextEncode", text="a red boat", clip=link("m", 1)),
    "n": node("CLIPTextEncode", text="fog", clip=link("m", 1)),
    "l": node("EmptyLatentImage", width=512, height=768, batch_size=1),
    "s": node("Seed (rgthree)", seed=7),
}
BASIC = {"model": link("m"), "clip": link("m", 1), "vae": link("m", 2), "positive": link("p"), "negative": link("n")}
LINE = {"model": link("m"), "pos": link("p"), "neg": link("n"), "latent": link("l"), "vae": link("m", 2)}


def graph(**entries: Json) -> Graph:
    return graph_of({**ENDS, **entries})


PASSED: Mapping[str, tuple[Entries, Mapping[str, Json]]] = {
    "a reroute": ({"1": node("Reroute", **{"": link("m")})}, {"model": link("1")}),
    "two reroutes of other packs": (
        {"1": node("ReroutePrimitive|pysssss", value=link("2")), "2": node("Reroute (rgthree)", **{"": link("p")})},
        {"positive": link("1")},
    ),
    "values that are stored under a name": (
        {
            "1": node("SetNode", name="boat", value=link("p")),
            "2": node("GetNode", name="boat"),
            "3": node("SetNode", name="fog", value=link("n")),
            "4": node("GetNode", name="fog"),
        },
        {"positive": link("2"), "negative": link("4")},
    ),
    "a basic pipe": (
        {"1": node("ToBasicPipe", **BASIC), "2": node("FromBasicPipe", basic_pipe=link("1"))},
        {"model": link("2", 0), "clip": link("2", 1), "positive": link("2", 3), "negative": link("2", 4)},
    ),
    "a basic pipe that is passed on": (
        {"1": node("ToBasicPipe", **BASIC), "2": node("FromBasicPipe_v2", basic_pipe=link("1"))},
        {"model": link("2", 1), "clip": link("2", 2), "positive": link("2", 4), "negative": link("2", 5)},
    ),
    "an edited pipe": (
        {
            "1": node("ToBasicPipe", **{**BASIC, "negative": link("l")}),
            "2": node("EditBasicPipe", basic_pipe=link("1"), negative=link("n")),
            "3": node("BasicPipeToDetailerPipe", basic_pipe=link("2"), wildcard=""),
            "4": node("FromDetailerPipe_v2", detailer_pipe=link("3")),
        },
        {"model": link("4", 1), "positive": link("4", 4), "negative": link("4", 5)},
    ),
    "a sampler of pipes": (
        {
            "1": node("ToBasicPipe", **BASIC),
            "2": node("ImpactKSamplerBasicPipe", basic_pipe=link("1"), seed=1, latent_image=link("l")),
            "3": node("FromBasicPipe", basic_pipe=link("2", 0)),
        },
        {"positive": link("3", 3), "negative": link("3", 4), "vae": link("2", 2)},
    ),
    "a context": (
        {
            "1": node("Context (rgthree)", model=link("m"), latent=link("l"), seed=link("s"), positive=link("l")),
            "2": node("Context (rgthree)", base_ctx=link("1"), positive=link("p"), negative=link("n")),
            "3": node("Context (rgthree)", base_ctx=link("2")),
        },
        {"model": link("3", 1), "positive": link("3", 4), "negative": link("3", 5), "latent": link("3", 6)}
        | {"seed": link("3", 8)},
    ),
    "a context as a whole": (
        {"1": node("Context Big (rgthree)", **BASIC, latent=link("l"), seed=7)},
        dict.fromkeys(("model", "positive", "negative", "latent", "seed"), link("1")),
    ),
    "a switch and a merge of contexts": (
        {
            "1": node("Context (rgthree)", positive=link("p"), negative=link("p")),
            "2": node("Context (rgthree)", negative=link("n"), model=link("m")),
            "3": node("Context Merge (rgthree)", ctx_01=link("1"), ctx_02=link("2")),
            "4": node("Context (rgthree)", positive=link("l")),
            "5": node("Context Switch (rgthree)", ctx_01=link("3"), ctx_02=link("4")),
        },
        {"model": link("5", 1), "positive": link("5", 4), "negative": link("5", 5)},
    ),
    "a pipe of Easy-Use": (
        {
            "1": node("easy pipeIn", **LINE),
            "2": node("easy preSampling", pipe=link("1"), steps=9, cfg=4.5, seed=7),
            "3": node("easy pipeOut", pipe=link("2")),
        },
        {"model": link("3", 1), "positive": link("3", 2), "negative": link("3", 3), "latent": link("3", 4)}
        | {"seed": link("3", 8), "cfg": link("2")},
    ),
    "a pipe of tinyterraNodes": (
        {
            "1": node("ttN pipeIN", **LINE, seed=7),
            "2": node("ttN pipeEDIT", pipe=link("1"), pos=link("p")),
            "3": node("ttN pipeOUT", pipe=link("2")),
        },
        {"model": link("3", 0), "positive": link("3", 1), "negative": link("3", 2), "latent": link("3", 3)}
        | {"seed": link("3", 7)},
    ),
    "a module of Comfyroll": (
        {"1": node("CR Module Pipe Loader", **LINE, seed=7), "2": node("CR Module Input", pipe=link("1"))},
        {"model": link("2", 1), "positive": link("2", 2), "negative": link("2", 3), "seed": link("2", 9)},
    ),
    "a bus of Comfyroll": (
        {
            "1": node("CR Data Bus In", any1=link("m"), any2=link("p"), any3=link("n")),
            "2": node("CR Data Bus Out", pipe=link("1")),
        },
        {"model": link("2", 1), "positive": link("2", 2), "negative": link("2", 3)},
    ),
    "a tuple of the Efficiency nodes": (
        {
            "1": node(
                "Pack SDXL Tuple",
                base_model=link("m"),
                base_clip=link("m", 1),
                base_positive=link("p"),
                base_negative=link("n"),
            ),
            "2": node("Unpack SDXL Tuple", sdxl_tuple=link("1")),
        },
        {"model": link("2", 0), "clip": link("2", 1), "positive": link("2", 2), "negative": link("2", 3)},
    ),
    "an efficient sampler": (
        {
            "1": node(
                "KSampler (Efficient)", seed=1, model=link("m"), positive=link("p"), negative=link("n"), optional_vae=9
            )
        },
        {"model": link("1", 0), "positive": link("1", 1), "negative": link("1", 2)},
    ),
    "a bus of WAS": (
        {"1": node("Bus Node", **BASIC), "2": node("Bus Node", bus=link("1"))},
        {"model": link("2", 1), "vae": link("2", 3), "positive": link("2", 4), "negative": link("2", 5)},
    ),
    "a pipe of Crystools": (
        {
            "1": node("Pipe to/edit any [Crystools]", any_1=link("m"), any_2=link("p")),
            "2": node("Pipe to/edit any [Crystools]", CPipeAny=link("1"), any_3=link("n")),
            "3": node("Pipe from any [Crystools]", CPipeAny=link("2")),
        },
        {"model": link("3", 1), "positive": link("3", 2), "negative": link("3", 3)},
    ),
    "parameters of Searge": (
        {
            "1": node("SeargeInput2", seed=7, cfg=4.5, inputs=link("3")),
            "2": node("SeargeParameterProcessor", inputs=link("1")),
            "3": node("SeargeInput1", main_prompt="a red boat"),
            "4": node("SeargeOutput2", parameters=link("2")),
        },
        {"seed": link("4", 1), "cfg": link("4", 5)},
    ),
    "a pipe of an unknown pack": (
        {"1": node("BundleIn", **BASIC), "2": node("BundleOut", my_pipe=link("1"))},
        {"model": link("2", 7), "positive": link("2", 2), "negative": link("2", 1)},
    ),
}
MADE: dict[str, Json] = {
    **{"model": link("m"), "clip": link("m", 1), "vae": link("m", 2), "latent": link("l")},
    **{"positive": link("p"), "negative": link("n"), "seed": 7, "cfg": 4.5},
}


@pytest.mark.parametrize("name", PASSED)
def test_values_are_followed_through(name: str) -> None:
    entries, links = PASSED[name]
    found = {role: resolve(graph(**entries), value, role) for role, value in links.items()}
    assert found == {role: MADE[role] for role in links}


def test_an_output_tells_which_side_it_is_even_when_its_link_is_crossed() -> None:
    crossed = graph(**{"1": node("ToBasicPipe", **BASIC), "2": node("FromBasicPipe", basic_pipe=link("1"))})
    assert resolve(crossed, link("2", 4), "positive") == link("n")
    assert resolve(crossed, link("2", 3), "negative") == link("p")


def test_what_a_pipe_does_not_have_has_no_value() -> None:
    pipe = graph(**{"1": node("Context (rgthree)", positive=link("p")), "2": node("easy pipeOut", pipe=link("1"))})
    assert resolve(pipe, link("1", 5), "negative") is None
    assert resolve(pipe, link("2", 3), "negative") is None
    assert resolve(pipe, link("1", 8), "seed") is None
    assert resolve(pipe, link("missing"), "model") is None


def test_a_loader_makes_what_its_pipe_contains() -> None:
    loader = node("easy fullLoader", ckpt_name="boats.safetensors", lora_name="None", positive="a boat", negative="fog")
    pipe = graph(**{"1": loader, "2": node("easy preSampling", pipe=link("1"), seed=7), "3": node("easy kSampler")})
    assert resolve(pipe, link("2"), "model") == link("1", 1)
    assert resolve(pipe, link("2"), "negative") == link("1", 5)
    assert resolve(pipe, link("2"), "latent") == link("1", 6)


def test_a_sampler_makes_the_latents_that_its_pipe_contains() -> None:
    pipe = graph(
        **{
            "1": node("easy pipeIn", **LINE),
            "2": node("easy preSampling", pipe=link("1"), seed=7),
            "3": node("easy kSampler", pipe=link("2")),
            "4": node("easy preSampling", pipe=link("3"), seed=8),
        }
    )
    assert resolve(pipe, link("4"), "latent") == link("3", 2)
    assert resolve(pipe, link("4"), "seed") == 8
    assert resolve(pipe, link("4"), "model") == link("m")


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("ComfySwitchNode", {"switch": link("yes"), "on_false": link("p"), "on_true": link("n")}),
        ("ComfySwitchNode", {"switch": False, "on_false": link("n"), "on_true": link("p")}),
        ("Switch any [Crystools]", {"boolean": True, "on_true": link("n"), "on_false": link("p")}),
        ("LazySwitchKJ", {"switch": link("yes"), "on_false": link("p"), "on_true": link("n")}),
        ("easy ifElse", {"boolean": False, "on_true": link("p"), "on_false": link("n")}),
        ("easy conditioningIndexSwitch", {"index": 1, "cond0": link("p"), "cond1": link("n")}),
        ("ImpactSwitch", {"select": 2, "sel_mode": False, "input1": link("p"), "input2": link("n")}),
        ("ImpactSwitch", {"select": link("two"), "input1": link("p"), "input2": link("n")}),
        ("ImpactConditionalBranch", {"cond": link("yes"), "tt_value": link("n"), "ff_value": link("p")}),
        ("CR Conditioning Input Switch", {"Input": 2, "conditioning1": link("p"), "conditioning2": link("n")}),
        ("Conditioning Input Switch", {"boolean": False, "conditioning_a": link("p"), "conditioning_b": link("n")}),
        ("Any Switch (rgthree)", {"any_01": link("missing"), "any_02": link("n"), "any_03": link("p")}),
        ("If ANY return A else B", {"ANY": 0, "IF_TRUE": link("p"), "IF_FALSE": link("n")}),
        ("LayerUtility: If ", {"if_condition": True, "when_TRUE": link("n"), "when_FALSE": link("p")}),
        ("SeargeConditioningMuxer2", {"input0": link("p"), "input1": link("n"), "input_selector": 1}),
        ("SomeSwitch", {"first": link("n"), "second": link("p")}),
    ],
)
def test_a_switch_passes_on_the_branch_that_its_value_chooses(kind: str, inputs: Entries) -> None:
    constants = {"yes": node("PrimitiveBoolean", value=True), "two": node("ImpactInt", value=2)}
    assert resolve(graph(**constants, **{"1": node(kind, **inputs)}), link("1"), "negative") == link("n")


def test_a_switch_of_two_values_passes_on_what_the_link_needs() -> None:
    inputs = {"model1": link("l"), "clip1": link("l"), "model2": link("m"), "clip2": link("m", 1)}
    found = graph(**{"1": node("CR Model and CLIP Input Switch", Input=2, **inputs)})
    assert resolve(found, link("1", 0), "model") == link("m")
    assert resolve(found, link("1", 1), "clip") == link("m", 1)


def test_a_switch_of_two_models_and_encoders_is_told_by_letters_too() -> None:
    inputs = {"model_a": link("l"), "clip_a": link("l"), "model_b": link("m"), "clip_b": link("m", 1)}
    found = graph(**{"1": node("Lora Input Switch", boolean=False, **inputs)})
    assert (resolve(found, link("1"), "model"), resolve(found, link("1", 1), "clip")) == (link("m"), link("m", 1))


def test_a_switch_whose_branch_is_missing_passes_nothing_on() -> None:
    found = graph(**{"1": node("ImpactSwitch", select=3, input1=link("p"), input2=link("n"))})
    assert resolve(found, link("1"), "negative") is None


def test_numbers_come_from_nodes_that_have_only_one() -> None:
    found = graph(
        **{
            "1": node("PrimitiveInt", value=link("2"), control_after_generate="fixed"),
            "2": node("easy int", value=640),
            "3": node("Aspects", width=512, height=512, aspect="16:9"),
        }
    )
    assert resolve(found, link("1"), "width") == 640
    assert resolve(found, link("3"), "width") == link("3")
    assert resolve(found, 5, "steps") == 5


def test_a_node_is_given_what_its_inputs_or_its_pipe_contain() -> None:
    found = graph(
        **{"1": node("ToBasicPipe", **BASIC), "2": node("FancySampler", basic_pipe=link("1"), seed=link("s"))}
    )
    sampler = found.nodes["2"]
    assert given(found, sampler, "negative") == link("n")
    assert given(found, sampler, "seed") == 7
    assert given(found, sampler, "latent") is None


def test_a_model_is_followed_along_its_patches_and_pipes_to_its_loader() -> None:
    found = graph(
        **{
            "1": node("ToBasicPipe", **BASIC),
            "2": node("FromBasicPipe", basic_pipe=link("1")),
            "3": node("LoraLoader", lora_name="ink", model=link("2"), clip=link("2", 1)),
            "4": node("ModelSamplingFlux", model=link("5"), max_shift=1.15),
            "5": node("Reroute", **{"": link("3")}),
        }
    )
    assert [each.key for each in along(found, link("4"), "model")] == ["4", "3", "m"]


@pytest.mark.parametrize("role", ["model", "negative", "latent", "seed", "text"])
def test_cycles_of_pipes_and_switches_end(role: str) -> None:
    cycles = graph(
        **{
            "1": node("Context (rgthree)", base_ctx=link("2")),
            "2": node("Context (rgthree)", base_ctx=link("1")),
            "3": node("Reroute", **{"": link("4")}),
            "4": node("ComfySwitchNode", switch=link("4"), on_true=link("3"), on_false=link("3")),
            "5": node("ToBasicPipe", model=link("6"), positive=link("6", 3)),
            "6": node("FromBasicPipe", basic_pipe=link("5")),
        }
    )
    for key in "1346":
        assert resolve(cycles, link(key, 5), role) is None
        assert len(list(along(cycles, link(key), role))) <= 2
