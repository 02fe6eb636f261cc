"""Graphs of ComfyUI whose picture came from a service: what was asked for is read, its noise is never rebuilt."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import SIMPLE, Entries, link, node


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def asked(kind: str, **inputs: Json) -> Entries:
    """Return a graph that saves what a service answers."""
    return {"1": node(kind, **inputs), "2": node("SaveImage", images=link("1"))}


@pytest.mark.parametrize(
    ("kind", "service"),
    [
        ("OpenAIGPTImage1", "OpenAI"),
        ("OpenAIDalle3", "OpenAI"),
        ("FluxProUltraImageNode", "Black Forest Labs"),
        ("FluxKontextMaxImageNode", "Black Forest Labs"),
        ("Flux2ProImageNode", "Black Forest Labs"),
        ("IdeogramV3", "Ideogram"),
        ("KlingImageGenerationNode", "Kling"),
        ("LumaImageNode", "Luma"),
        ("RecraftTextToImageNode", "Recraft"),
        ("StabilityStableImageUltraNode", "Stability AI"),
        ("GeminiImageNode", "Google"),
        ("ComfyUI_NanoBanana", "Google"),
        ("ByteDanceSeedreamNode", "ByteDance"),
        ("Veo3VideoGenerationNode", "Google"),
        ("RunwayTextToImageNode", "Runway"),
        ("MinimaxTextToVideoNode", "MiniMax"),
        ("GrokImageNode", "xAI"),
        ("WanTextToImageApi", "Wan"),
        ("Recraft_fal", "Recraft"),
        ("SomeOtherPictureAPI", "SomeOtherPictureAPI"),
    ],
)
def test_a_service_is_named_and_its_noise_is_not_known(kind: str, service: str) -> None:
    found = read(asked(kind, prompt="a red boat", seed=7))
    assert (found.tool, found.prompt, found.made_by, found.seed) == ("comfyui", "a red boat", service, 7)
    assert found.unknown_noise == f"{service} drew the noise, and how it does that is not published"


def test_everything_that_a_service_was_asked_for_is_read() -> None:
    graph = {
        **asked(
            "FluxProImageNode",
            prompt=link("3"),
            negative_prompt="fog",
            width=768,
            height=512,
            steps=30,
            guidance=3.0,
            seed=link("4"),
            model="flux-pro-1.1",
            image_prompt=None,
            prompt_upsampling=False,
        ),
        "3": node("PrimitiveStringMultiline", value="a red boat"),
        "4": node("PrimitiveInt", value=12),
    }
    assert read(graph) == ForeignRecord(
        tool="comfyui",
        prompt="a red boat",
        negative_prompt="fog",
        seed=12,
        width=768,
        height=512,
        num_inference_steps=30,
        guidance_scale=3.0,
        model="flux-pro-1.1",
        made_by="Black Forest Labs",
        unknown_noise="Black Forest Labs drew the noise, and how it does that is not published",
        extra=(("service_node", "FluxProImageNode"), ("guidance", 3.0), ("prompt_upsampling", False)),
    )


def test_a_size_may_be_a_text() -> None:
    found = read(asked("OpenAIGPTImage1", prompt="a red boat", size="1024x1536", n=1))
    assert (found.width, found.height) == (1024, 1536)


def test_what_follows_a_service_is_listed() -> None:
    graph = {
        **asked("OpenAIGPTImage1", prompt="a red boat"),
        "3": node("ImageScaleBy", image=link("1"), scale_by=2.0),
        "2": node("SaveImage", images=link("3")),
    }
    assert dict(read(graph).extra)["passes"] == [{"kind": "resize", "node": "ImageScaleBy", "factor": 2.0}]


@pytest.mark.parametrize(
    "kind", ["OpenAIChatNode", "FluxGuidance", "FluxPromptEnhance", "GeminiConfig", "Florence2Run"]
)
def test_nodes_of_text_are_no_source_of_pictures(kind: str) -> None:
    helper = node(kind, prompt="make it longer")
    assert read({"1": helper, "2": node("SaveImage", images=link("1"))}).made_by == ""
    assert read({**SIMPLE, "20": helper}).seed == 7


def test_a_picture_that_a_service_refers_to_is_not_its_answer() -> None:
    graph = {
        **asked("LumaImageNode", prompt="a red boat", seed=7, image_luma_ref=link("3")),
        "3": node("LumaReferenceNode", weight=0.5, image=link("4")),
        "4": node("LoadImage", image="a.png"),
    }
    assert (read(graph).prompt, read(graph).seed) == ("a red boat", 7)
