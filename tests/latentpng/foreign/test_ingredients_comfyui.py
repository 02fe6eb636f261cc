"""What else made a picture of ComfyUI: each loader of LoRA files, and the nodes that hold the rest."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.ingredients import Ingredients, Named, ingredients_of
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.tools import loose
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import LOADER, link, node, sampler, saved


def test_a_graph_of_comfyui_says_all_of_it() -> None:
    graph = {
        **LOADER,
        "11": node(
            "LoraLoader", lora_name="xl\\ink.safetensors", model=link("10"), clip=link("10", 1), strength_model=0.4
        ),
        "12": node("CLIPSetLastLayer", clip=link("11", 1), stop_at_clip_layer=-2),
        "6": node("CLIPTextEncode", text="a red boat, embedding:glow.pt", clip=link("12")),
        "3": sampler(link("5"), model=link("11")),
        "13": sampler(link("3"), seed=5, steps=14, denoise=0.5),
        **saved("13"),
        "14": node("VAELoader", vae_name="vae-ft-mse.safetensors"),
        "8": node("VAEDecode", samples=link("13"), vae=link("14")),
    }
    found = ingredients_of(foreign_from_texts({"prompt": json.dumps(graph)}))
    assert found == Ingredients(
        prompt="a red boat, embedding:glow.pt",
        negative_prompt="fog",
        prompt_style="comfyui",
        clip_skip=2,
        loras=(Named(name="ink", weight=0.4), Named(name="sails", weight=1.0)),
        embeddings=(Named(name="glow"),),
        vae=Named(name="vae-ft-mse"),
        passes=({"kind": "hires", "node": "KSampler", "steps": 14, "cfg": 7.5, "denoise": 0.5},),
    )


LOADED: tuple[tuple[Json, dict[str, float | None]], ...] = (
    (node("LoraLoaderModelOnly", lora_name="ink.safetensors", strength_model=0.4), {"ink": 0.4}),
    (node("LoraLoader|pysssss", lora_name={"content": "ink.safetensors", "image": None}, strength_model=1), {"ink": 1}),
    (node("NunchakuFluxLoraLoader", lora_name="ink.safetensors", lora_strength=0.3), {"ink": 0.3}),
    (node("LoraLoader", lora_name="None", strength_model=1), {}),
    (node("LoraLoader", lora_name="ink.safetensors", strength_model=0, strength_clip=0), {}),
    (
        node(
            "Power Lora Loader (rgthree)",
            PowerLoraLoaderHeaderWidget={"type": "PowerLoraLoaderHeaderWidget"},
            lora_1={"on": True, "lora": "ink.safetensors", "strength": 0.8, "strengthTwo": None},
            lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
            lora_3={"on": True, "lora": "None", "strength": 1},
            **{"➕ Add Lora": ""},
        ),
        {"ink": 0.8},
    ),
    (
        node("Lora Loader Stack (rgthree)", lora_01="ink.safetensors", strength_01=0.5, lora_02="None", strength_02=1),
        {"ink": 0.5},
    ),
    (
        node(
            "Lora Loader (LoraManager)",
            text="<lora:ink:0.6> <lora:off:1>",
            loras={
                "__value__": [
                    {"name": "ink", "strength": "0.60", "active": True},
                    {"name": "off", "strength": 1, "active": False},
                ]
            },
        ),
        {"ink": 0.6},
    ),
    (
        node("ImpactWildcardEncode", populated_text="a boat <lora:ink:0.6:0.1>", wildcard_text="{a|b} <lora:no:1>"),
        {"ink": 0.6},
    ),
    (node("CR Apply LoRA Stack", lora_stack=link("50")), {"ink": 0.7, "moss": 0.2}),
    (
        node("Efficient Loader", lora_name="None", lora_model_strength=1.0, lora_stack=link("52")),
        {"sea": 0.9, "fog": 0.1},
    ),
    (node("easy fullLoader", lora_name="ink.safetensors", lora_model_strength=0.2), {"ink": 0.2}),
    (
        node("easy loraStackApply", lora_stack=link("53")),
        {"glass": 0.45},
    ),
)


STACKS = {
    "50": node(
        "CR LoRA Stack",
        switch_1="On",
        lora_name_1="ink.safetensors",
        model_weight_1=0.7,
        clip_weight_1=0.1,
        switch_2="Off",
        lora_name_2="off.safetensors",
        model_weight_2=1,
        lora_stack=link("51"),
    ),
    "51": node(
        "CR LoRA Stack", switch_1="On", lora_name_1="moss.safetensors", model_weight_1=0.2, lora_stack=link("50")
    ),
    "52": node(
        "LoRA Stacker",
        input_mode="simple",
        lora_count=2,
        lora_name_1="sea.safetensors",
        lora_wt_1=0.9,
        model_str_1=0.3,
        lora_name_2="fog.safetensors",
        lora_wt_2=0.1,
        model_str_2=0.3,
        lora_name_3="third.safetensors",
        lora_wt_3=1,
    ),
    "53": node(
        "easy loraStack",
        toggle=True,
        mode="advanced",
        num_loras=1,
        lora_1_name="glass.safetensors",
        lora_1_strength=1.0,
        lora_1_model_strength=0.45,
        lora_2_name="second.safetensors",
        optional_lora_stack=link("54"),
    ),
    "54": node("easy loraStack", toggle=False, mode="simple", num_loras=1, lora_1_name="off.safetensors"),
}


@pytest.mark.parametrize(
    ("loader", "expected"), LOADED, ids=[str(loose.members(loader)["class_type"]) for loader, _ in LOADED]
)
def test_a_graph_names_what_its_loaders_load(loader: Json, expected: dict[str, float | None]) -> None:
    inputs = {**loose.members(loose.members(loader)["inputs"]), "model": link("4")}
    graph = {
        **LOADER,
        **STACKS,
        "40": {**loose.members(loader), "inputs": inputs},
        "3": sampler(link("5"), model=link("40")),
        **saved("3"),
    }
    graph["4"] = node("CheckpointLoaderSimple", ckpt_name="boats.safetensors")
    found = ingredients_of(foreign_from_texts({"prompt": json.dumps(graph)}))
    assert {one.name: one.weight for one in found.loras} == expected
