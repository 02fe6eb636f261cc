"""Which latents and which noise a sampler of ComfyUI started from: channels, and noise that cannot be rebuilt."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import FLUX, LOADER, SIMPLE, Entries, link, node, sampler, saved

SETTINGS: Entries = {"steps": 9, "cfg": 3.0, "sampler_name": "res_2m", "scheduler": "beta57", "denoise": 1.0}
LINKS: Entries = {"model": link("10"), "positive": link("6"), "negative": link("7"), "latent_image": link("5")}


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def started(kind: str, **inputs: Json) -> ForeignRecord:
    """Read the simple graph with another node of empty latents."""
    return read({**SIMPLE, "5": node(kind, width=512, height=768, batch_size=1, **inputs)})


@pytest.mark.parametrize(
    ("kind", "channels"),
    [
        ("EmptyLatentImage", 0),  # ComfyUI fits it to the model
        ("EmptySD3LatentImage", 16),
        ("EmptyFlux2LatentImage", 128),
        ("EmptyFluxLatentImage", 16),
        ("EmptyQwenImageLatent", 16),
        ("Empty Latent Image (Z-Image)", 16),
        ("EmptyHiDreamLatentImage", 16),
        ("CR SDXL Aspect Ratio", 0),
    ],
)
def test_the_kind_of_an_empty_latent_says_its_channels(kind: str, channels: int) -> None:
    found = started(kind)
    assert (found.channels, found.unknown_noise) == (channels, "")


VIDEO = "it is the noise of a video"
SHAPE = "the latents of {} have a shape that is not known here"


@pytest.mark.parametrize(
    ("kind", "inputs", "reason"),
    [
        ("EmptyHunyuanLatentVideo", {"length": 33}, VIDEO),
        ("EmptyHunyuanVideo15Latent", {"length": 1}, VIDEO),
        ("EmptyLTXVLatentVideo", {"length": 97}, VIDEO),
        ("EmptyMochiLatentVideo", {"length": 25}, VIDEO),
        ("EmptyCosmosLatentVideo", {"length": 121}, VIDEO),
        ("WanImageToVideo", {"length": 81}, VIDEO),
        ("Wan22ImageToVideoLatent", {"length": 1}, VIDEO),
        ("EmptyHunyuanImageLatent", {}, SHAPE.format("Hunyuan Image")),
        ("StableCascade_EmptyLatentImage", {"compression": 42}, SHAPE.format("Stable Cascade")),
        ("EmptyAceStepLatentAudio", {"seconds": 120}, "it is the noise of a sound"),
        ("EmptyLatentAudio", {"seconds": 47}, "it is the noise of a sound"),
        ("EmptyLatentHunyuan3Dv2", {"resolution": 3072}, "it is the noise of a three-dimensional shape"),
        ("EmptyChromaRadianceLatentImage", {}, "the model draws its noise over pixels, not over latents"),
        ("EmptyQwenImageLayeredLatentImage", {"layers": 3}, "it is the noise of several layers"),
    ],
)
def test_latents_of_other_kinds_have_no_noise_of_one_picture(kind: str, inputs: Entries, reason: str) -> None:
    found = started(kind, **inputs)
    assert (found.unknown_noise, found.channels, found.seed) == (reason, 0, 7)


@pytest.mark.parametrize("kind", ["EmptyHunyuanLatentVideo", "EmptyCosmosLatentVideo"])
def test_a_video_of_one_frame_is_a_picture(kind: str) -> None:
    found = started(kind, length=1)
    assert (found.unknown_noise, found.channels) == ("", 16)


OWN = "draws noise of its own"
NOISE: dict[str, tuple[Entries, str]] = {
    "ClownsharKSampler": (
        {"3": node("ClownsharKSampler", noise_type_init="perlin", noise_seed=7, **SETTINGS, **LINKS)},
        f"ClownsharKSampler {OWN}",
    ),
    "ClownsharKSampler_Beta": (
        {"3": node("ClownsharKSampler_Beta", eta=0.5, seed=7, **SETTINGS, **LINKS)},
        f"ClownsharKSampler_Beta {OWN}",
    ),
    "SharkSampler": (
        {"3": node("SharkSampler", noise_type_init="gaussian", noise_seed=7, **SETTINGS, **LINKS)},
        f"SharkSampler {OWN}",
    ),
    "a type of noise": (
        {"3": node("Sampler of Fog", noise_type="pyramid", seed=7, **SETTINGS, **LINKS)},
        "Sampler of Fog draws noise of the kind pyramid",
    ),
    "WanVideoSampler": (
        {"3": node("WanVideoSampler", seed=7, model=link("10"), image_embeds=link("6"), **SETTINGS)},
        "WanVideoSampler draws the noise of a video",
    ),
    "noise mixed into the latents": (
        {"3": sampler(link("20")), "20": node("InjectLatentNoise+", latent=link("5"), noise_seed=3)},
        "InjectLatentNoise+ adds noise to the latents before sampling",
    ),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_of_other_kinds_is_not_rebuilt(name: str) -> None:
    nodes, reason = NOISE[name]
    found = read({**LOADER, **saved("3"), **nodes})
    assert (found.unknown_noise, found.seed) == (reason, 7)
    assert found.prompt == "a red boat" or name == "WanVideoSampler"


@pytest.mark.parametrize("kind", ["PowerNoise", "BlehNoise", "AddNoiseMix", "ImageToNoise"])
def test_nodes_of_noise_of_other_authors_are_not_trusted(kind: str) -> None:
    found = read({**FLUX, "25": node(kind, seed=9, alpha=1.0)})
    assert found.unknown_noise == f"its noise comes from {kind}, which draws noise of its own"
    assert found.seed == 9


def test_a_plain_type_of_noise_and_a_mask_are_no_obstacle() -> None:
    masked = {**SIMPLE, "3": sampler(link("20")), "20": node("SetLatentNoiseMask", samples=link("5"), mask=link("21"))}
    assert read(masked).unknown_noise == ""
    assert read({**SIMPLE, "3": sampler(link("5"), noise_type="default")}).unknown_noise == ""


def test_a_repeated_latent_is_a_batch() -> None:
    graph = {**SIMPLE, "3": sampler(link("20")), "20": node("RepeatLatentBatch", samples=link("5"), amount=4)}
    assert read(SIMPLE).batch_index == 0
    assert read(graph).batch_index is None
