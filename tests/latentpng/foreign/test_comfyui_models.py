"""Models in graphs of ComfyUI: their loaders, merges, VAEs and the layers of their text encoders."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from tests.support.foreign.samples_comfyui import SIMPLE, Entries, link, node, sampler


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


NAME = "lakes.safetensors"


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("UNETLoader", {"unet_name": NAME, "weight_dtype": "default"}),
        ("UnetLoaderGGUF", {"unet_name": NAME}),
        ("LoaderGGUF", {"gguf_name": NAME}),
        ("NunchakuFluxDiTLoader", {"model_path": NAME, "cache_threshold": 0}),
        ("DiffusersLoader", {"model_path": NAME}),
        ("CheckpointLoader|pysssss", {"ckpt_name": {"content": NAME, "image": None}}),
        ("CheckpointLoader", {"config_name": "v1.yaml", "ckpt_name": NAME}),
        ("CheckpointLoaderSimpleShared //Inspire", {"ckpt_name": NAME, "key_opt": ""}),
        ("Checkpoint Loader with Name", {"ckpt_name": link("21")}),
        ("easy comfyLoader", {"ckpt_name": NAME, "vae_name": "Baked VAE"}),
        ("WanVideoModelLoader", {"model": NAME, "quantization": "disabled"}),
        ("Diffusion Model", {"model_name": link("22")}),
    ],
)
def test_the_name_of_a_model_is_found_in_its_loader(kind: str, inputs: Entries) -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), model=link("23")),
        "20": node(kind, **inputs),
        "21": node("Checkpoint Selector", ckpt_name=NAME),
        "22": node("CheckpointNameSelector", base={"content": NAME}),
        "23": node("ModelSamplingAuraFlow", model=link("24"), shift=3.1),
        "24": node("LoraLoaderModelOnly", model=link("25"), lora_name="ink.safetensors", strength_model=1),
        "25": node("Reroute", **{"": link("20")}),
    }
    assert read(graph).model == NAME


def test_the_first_model_of_a_merge_is_the_model_and_the_others_are_told() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), model=link("20")),
        "20": node("ModelMergeSimple", model1=link("21"), model2=link("22"), ratio=0.3),
        "21": node("ModelMergeBlocks", model1=link("10"), model2=link("23"), input=0.2, middle=0.5, out=1.0),
        "22": node("CheckpointLoaderSimple", ckpt_name="reeds.safetensors"),
        "23": node("CheckpointLoaderSimple", ckpt_name="mist.safetensors"),
    }
    found = read(graph)
    assert found.model == "boats.safetensors"
    assert dict(found.extra)["merged_models"] == [
        {"node": "ModelMergeSimple", "models": ["reeds.safetensors"], "ratio": 0.3},
        {"node": "ModelMergeBlocks", "models": ["mist.safetensors"], "input": 0.2, "middle": 0.5, "out": 1.0},
    ]


@pytest.mark.parametrize("kind", ["ModelMergeAdd", "ModelMergeSubtract", "ModelSubtract (other)"])
def test_every_kind_of_merge_has_a_first_model(kind: str) -> None:
    second = node("UNETLoader", unet_name="reeds.safetensors")
    merge = node(kind, model1=link("10"), model2=link("21"), multiplier=0.8)
    found = read({**SIMPLE, "3": sampler(link("5"), model=link("20")), "20": merge, "21": second})
    assert found.model == "boats.safetensors"
    assert dict(found.extra)["merged_models"] == [{"node": kind, "models": ["reeds.safetensors"], "ratio": 0.8}]


def test_a_merge_with_itself_ends() -> None:
    merge = node("ModelMergeSimple", model1=link("20"), model2=link("20"), ratio=0.5)
    found = read({**SIMPLE, "3": sampler(link("5"), model=link("20")), "20": merge})
    assert found.model == ""


@pytest.mark.parametrize(
    ("vae", "expected"),
    [("clear.safetensors", "clear.safetensors"), ("Baked VAE", None), ("None", None)],
)
def test_a_vae_is_named_when_it_is_a_file_of_its_own(vae: str, expected: str | None) -> None:
    graph = {
        **SIMPLE,
        "8": node("VAEDecode", samples=link("3"), vae=link("20")),
        "20": node("Reroute", **{"": link("21")}),
        "21": node("VAELoader", vae_name=vae),
    }
    assert dict(read(graph).extra).get("vae") == expected
    assert "vae" not in dict(read(SIMPLE).extra)


def test_a_loader_says_how_many_layers_of_the_text_encoder_count() -> None:
    graph: Entries = {
        "1": node(
            "Efficient Loader",
            ckpt_name="boats.safetensors",
            vae_name="clear.safetensors",
            clip_skip=-2,
            positive="a red boat",
            negative="fog",
            empty_latent_width=64,
            empty_latent_height=64,
        ),
        "2": sampler(link("1", 3), model=link("1", 0), positive=link("1", 1), negative=link("1", 2)),
        "3": node("VAEDecode", samples=link("2"), vae=link("1", 4)),
        "4": node("SaveImage", images=link("3")),
    }
    extra = dict(read(graph).extra)
    assert (extra["stop_at_clip_layer"], extra["vae"]) == (-2, "clear.safetensors")
