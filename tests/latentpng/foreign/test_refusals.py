"""Which seeds, services and sites lead to no noise; the whole sentences stand in the table of kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.services import service_behind, service_by_model

RECORD = ForeignRecord(tool="a1111", seed=41, width=64, height=48)


def refused(choices: Choices | None = None, **changes: Any) -> str:
    """Return why a record is refused; "" when it is not."""
    try:
        rebuild(replace(RECORD, **changes), choices)
    except InvalidValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("tool", ["a1111", "forge", "sdnext", "comfyui", "swarmui", "sdcpp", "mochi", "horde"])
def test_a_seed_of_minus_one_is_none_in_every_tool(tool: str) -> None:
    said = "the metadata contains no seed: -1 only says that the tool was to choose one"
    assert refused(tool=tool, seed=-1) == said
    assert refused(Choices(tool="diffusers"), tool=tool, seed=-1) == said


def test_other_negative_seeds_are_drawn_by_the_web_uis_alone() -> None:
    assert [refused(tool=tool, seed=-2) for tool in ("a1111", "forge", "sdnext", "imaginairy")] == [""] * 4
    said = "the metadata contains no seed: -2 only says that the tool was to choose one"
    assert {refused(tool=tool, seed=-2) for tool in ("comfyui", "swarmui", "fooocus", "sdcpp", "invokeai")} == {said}


def test_an_option_does_not_help_where_nothing_is_known() -> None:
    assert refused(Choices(tool="a1111"), tool="", seed=None) == "the metadata contains no seed"
    assert refused(Choices(tool="a1111"), tool="", seed=5) == ""


@pytest.mark.parametrize(
    "pipeline",
    [
        *("GoogleNanoBananaPipeline", "GoogleVeoVideoPipeline", "OpenAIPipeline", "GPTImagePipeline"),
        *("SeedreamPipeline", "KlingPipeline", "CloudFluxPipeline", "FluxAPIPipeline", "RecraftApiPipeline"),
    ],
)
def test_pipelines_that_only_ask_a_service(pipeline: str) -> None:
    record = replace(RECORD, tool="sdnext", extra=(("Pipeline", pipeline),))
    assert service_behind(record) == pipeline


@pytest.mark.parametrize(
    "pipeline", ["", "FluxPipeline", "StableDiffusionXLPipeline", "CapillaryPipeline", "AuraFlowPipeline"]
)
def test_other_pipelines_ask_nobody(pipeline: str) -> None:
    assert service_behind(replace(RECORD, extra=(("Pipeline", pipeline),))) == ""


@pytest.mark.parametrize(
    "model",
    [
        *(
            "gemini-2.5-flash-image",
            "Imagen 4",
            "imagen-4.0-generate",
            "gpt-image-1",
            "GPT-Image-2",
            "dall-e-3",
            "seedream-4",
        ),
        *(
            "nano-banana-pro",
            "Veo 3.1",
            "midjourney v7",
            "flux-pro-1.1",
            "flux1.1-pro-ultra",
            "flux-kontext-max",
            "sora-2",
        ),
        *("ideogram-v3", "recraft-v3", "Kling 2.1"),
    ],
)
def test_models_with_the_name_of_a_service(model: str) -> None:
    assert service_by_model(replace(RECORD, model=model)) == model
    assert service_by_model(replace(RECORD, sampler=model)) == model
    assert service_by_model(replace(RECORD, model=model, model_hash="0011223344")) == ""


@pytest.mark.parametrize(
    "model",
    [
        *(
            "plainmix",
            "openjourney-v4",
            "midjourneyMimic_v2",
            "geminiMix_v10",
            "flux1-dev",
            "flux1-kontext-dev",
            "imagenaMix",
        ),
        *("veo", "dalleStyle", "protogenX", "fluxProMix", "soraMix"),
    ],
)
def test_checkpoints_with_similar_names_are_models_of_the_person(model: str) -> None:
    assert service_by_model(replace(RECORD, model=model)) == ""
    assert refused(model=model) == ""


@pytest.mark.parametrize("site", ["TensorArt", "Tensor.Art", "SeaArt", "PixAI", "NightCafe", "Tusi", "getimg.ai"])
def test_sites_that_do_not_say_how_they_draw(site: str) -> None:
    assert refused(made_by=site).startswith(
        f"{site} has not published how it draws its noise: choose a recipe with --as"
    )
    assert refused(made_by=site, tool="comfyui") == ""  # a graph says how it was drawn


@pytest.mark.parametrize(
    ("site", "recipe", "assumed"),
    [
        ("Civitai", "comfyui", True),
        ("ArtBot", "comfyui", True),
        ("Stable UI", "comfyui", True),
        ("Krita AI Diffusion", "comfyui", False),
        ("Stability Matrix", "comfyui", False),
        ("reForge", "a1111", False),
        ("", "a1111", False),
    ],
)
def test_who_wrote_the_text_of_the_web_ui_decides_how_it_was_drawn(site: str, recipe: str, assumed: bool) -> None:
    found = rebuild(replace(RECORD, made_by=site))
    assert found.source["recipe"] == recipe
    assert found.source.get("made_by", "") == site
    assert ("recipe" in found.assumed) == assumed
    assert rebuild(replace(RECORD, made_by=site), Choices(tool="a1111")).source["recipe"] == "a1111"


def test_a_clause_of_a_reader_is_cut_and_cleaned() -> None:
    said = refused(unknown_noise="\x1b[31mred\n" + "x" * 1000)
    assert said == f"its noise cannot be rebuilt: [31mred {'x' * 291}…"
