"""LoRA files of ComfyUI's graphs: behind pipes, switches, merges and names that are not written in the loader."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from latentpng.foreign.tools.comfyui.graph import graph_of
from latentpng.foreign.tools.comfyui.loras import loras_of
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import Entries, link, node

Loras = list[tuple[str, float | None]]

LOADER: Entries = {
    "m": node("CheckpointLoaderSimple", ckpt_name="boats.safetensors"),
    "ink": node("LoraLoader", lora_name="ink", strength_model=0.4, model=link("m"), clip=link("m", 1)),
    "sea": node("LoraLoaderModelOnly", lora_name="sea", strength_model=0.9, model=link("m")),
    "name": node("easy loraNames", lora_name="ink"),
    "weight": node("PrimitiveFloat", value=0.4),
    "sum": node("MathExpression|pysssss", expression="a - 0.4", a=link("most")),
    "most": node("PrimitiveFloat", value=0.8),
    "stack": node("CR LoRA Stack", switch_1="On", lora_name_1="ink", model_weight_1=0.4),
    "other": node("CR LoRA Stack", switch_1="On", lora_name_1="sea", model_weight_1=0.9),
}


def loras(model: Json, entries: Entries, **inputs: Json) -> Loras:
    """Return the LoRA files of a sampler."""
    graph = graph_of({**LOADER, "s": node("KSampler", model=model, **inputs), **entries})
    return loras_of(graph, graph.nodes["s"])


INK: Loras = [("ink", 0.4)]
BEHIND: Mapping[str, tuple[Json, Entries, Loras]] = {
    "a basic pipe": (
        link("2", 0),
        {"1": node("ToBasicPipe", model=link("ink")), "2": node("FromBasicPipe", basic_pipe=link("1"))},
        INK,
    ),
    "a context": (
        link("2", 1),
        {
            "1": node("Context (rgthree)", model=link("ink")),
            "2": node("Context Big (rgthree)", base_ctx=link("1"), seed=2),
        },
        INK,
    ),
    "a switch": (
        link("1"),
        {"1": node("ComfySwitchNode", switch=False, on_true=link("sea"), on_false=link("ink"))},
        INK,
    ),
    "a loader and a pipe of Easy-Use": (
        link("2", 1),
        {
            "1": node(
                "easy fullLoader",
                ckpt_name="b",
                lora_name="sea",
                lora_model_strength=0.9,
                optional_lora_stack=link("stack"),
            ),
            "2": node("easy pipeOut", pipe=link("1")),
        },
        [("sea", 0.9), *INK],
    ),
    "a pipe of tinyterraNodes": (
        link("2", 1),
        {
            "1": node("ttN pipeLoader_v2", ckpt_name="b", loras="<lora:ink:0.4>", positive="a boat", negative="fog"),
            "2": node("ttN pipeKSampler_v2", pipe=link("1"), lora_name="sea", lora_strength=0.9),
        },
        [("sea", 0.9), *INK],
    ),
    "an old loader of tinyterraNodes": (
        link("1", 1),
        {
            "1": node(
                "ttN pipeLoader",
                ckpt_name="b",
                lora1_name="ink",
                lora1_model_strength=0.4,
                lora1_clip_strength=1,
                lora2_name="None",
            )
        },
        INK,
    ),
    "the tuple of the Efficiency nodes": (
        link("2", 0),
        {
            "1": node("Eff. Loader SDXL", base_ckpt_name="b", lora_stack=link("stack")),
            "2": node("Unpack SDXL Tuple", sdxl_tuple=link("1")),
        },
        INK,
    ),
    "a switch of stacks": (
        link("1"),
        {
            "1": node("CR Apply LoRA Stack", model=link("m"), lora_stack=link("2")),
            "2": node("ImpactSwitch", select=2, input1=link("other"), input2=link("stack")),
        },
        INK,
    ),
    "a merge of models": (
        link("1"),
        {"1": node("ModelMergeSimple", model1=link("ink"), model2=link("sea"), ratio=1)},
        [*INK, ("sea", 0.9)],
    ),
    "patches of a model": (
        link("1"),
        {"1": node("ModelSamplingFlux", model=link("2")), "2": node("BoatPatch", patched=link("ink"))},
        INK,
    ),
}


@pytest.mark.parametrize("name", BEHIND)
def test_loaders_are_found_behind(name: str) -> None:
    model, entries, expected = BEHIND[name]
    assert loras(model, entries) == expected


@pytest.mark.parametrize(
    "loader",
    [
        node("LoraLoader", lora_name=link("name"), strength_model=link("weight")),
        node("LoraLoader", lora_name="ink", strength_model=link("sum")),
        node("LoraLoader", lora_name={"content": "ink", "image": "ink.png", "title": "ink"}, strength_model=0.4),
        node("LoraLoader", lora_name={"__value__": "ink"}, strength_model=0.4),
        node("LoraLoaderBlockWeight //Inspire", lora_name="ink", strength_model=0.4, bypass=False),
        node("NunchakuQwenImageLoraStack", lora_count=1, lora_name_1="ink", lora_strength_1=0.4),
        node("Power Lora Loader (rgthree)", lora_1={"on": True, "lora": "ink", "strength": 0.4}, lora_2={"on": False}),
        node("LoraTagLoader", text="a red boat <lora:ink:0.4>"),
        node("Power Prompt (rgthree)", prompt="a red boat <lora:ink:0.4>", insert_lora="CHOOSE", opt_clip=link("m", 1)),
        node("SwarmLoraLoader", lora_names="ink, moss", lora_weights="0.4,0"),
        node("WanVideoSetLoRAs", lora=link("video")),
        node("easy loraStackApply", lora_stack=link("switcher")),
        node("Lora Loader (LoraManager)", text="", loras={"__value__": [{"name": "ink", "strength": 0.4}]}),
        node("easy loraPromptApply", positive="a red boat <lora:ink:0.4>", negative="fog"),
    ],
)
def test_names_of_files_have_many_forms(loader: dict[str, dict[str, Json]]) -> None:
    stacks = {
        "video": node("WanVideoLoraSelect", lora="ink", strength=0.4),
        "switcher": node(
            "easy loraSwitcher",
            toggle=True,
            select=2,
            num_loras=3,
            lora_1_name="sea",
            lora_2_name="ink",
            lora_strength=0.4,
        ),
    }
    named = "opt_model" if "opt_clip" in loader["inputs"] else "model"
    entry: Json = {**loader, "inputs": {**loader["inputs"], named: link("m")}}
    assert loras(link("1"), {**stacks, "1": entry}) == INK


@pytest.mark.parametrize(
    "loader",
    [
        node("LoraLoader", lora_name=link("missing"), model=link("m")),
        node("LoraLoader", lora_name="None", model=link("m")),
        node("CR LoRA Loader", switch="Off", lora_name="ink", strength_model=1, model=link("m")),
        node("LoraLoaderBlockWeight //Inspire", lora_name="ink", strength_model=1, bypass=True, model=link("m")),
        node("easy loraStackApply", model=link("m"), lora_stack=link("off")),
    ],
)
def test_what_is_switched_off_is_not_loaded(loader: Json) -> None:
    off = node("easy loraStack", toggle=link("no"), num_loras=1, lora_1_name="ink", lora_1_strength=1)
    assert loras(link("1"), {"1": loader, "off": off, "no": node("PrimitiveBoolean", value=False)}) == []


def test_loops_of_models_and_stacks_end() -> None:
    loops = {
        "1": node("LoraLoader", lora_name="ink", strength_model=0.4, model=link("2"), lora_stack=link("3")),
        "2": node("ModelMergeSimple", model1=link("1"), model2=link("2")),
        "3": node("CR LoRA Stack", switch_1="On", lora_name_1=link("3"), lora_stack=link("3")),
    }
    assert loras(link("1"), loops) == INK
