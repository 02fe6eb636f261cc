"""Further passes of ComfyUI: what was done to a picture besides one pass from noise over empty latents."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import LOADER, SIMPLE, Entries, link, node, sampler, saved

SECOND: Entries = {"seed": 1, "steps": 6, "cfg": 2.0, "sampler_name": "euler", "scheduler": "beta", "denoise": 0.3}
LINKS: Entries = {"model": link("10"), "positive": link("6"), "negative": link("7"), "vae": link("4", 2)}


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def passes(graph: Entries) -> Json:
    """Return the passes of a graph."""
    return dict(read(graph).extra).get("passes", [])


def after(**nodes: Json) -> Entries:
    """Return the simple graph with nodes between its decoder and its output; the last of them is saved."""
    named = {name.strip("_"): entry for name, entry in nodes.items()}
    return {**SIMPLE, **named, "9": node("SaveImage", images=link(list(named)[-1]))}


LATER: dict[str, tuple[Entries, list[Json]]] = {
    "face detailer": (
        after(_20=node("FaceDetailer", image=link("8"), bbox_detector=link("21"), guide_size=512, **SECOND, **LINKS)),
        [{"kind": "detailer", "node": "FaceDetailer", "steps": 6, "cfg": 2.0, "denoise": 0.3, "sampler": "euler"}],
    ),
    "detailer with its settings in a pipe": (
        after(
            _20=node("ToDetailerPipe", clip=link("10", 1), **LINKS),
            _21=node("FaceDetailerPipe", image=link("8"), detailer_pipe=link("20"), **SECOND),
        ),
        [{"kind": "detailer", "node": "FaceDetailerPipe", "steps": 6, "cfg": 2.0, "denoise": 0.3, "sampler": "euler"}],
    ),
    "tiled upscaler": (
        after(
            _20=node("UpscaleModelLoader", model_name="4x.pth"),
            _21=node("UltimateSDUpscale", image=link("8"), upscale_model=link("20"), upscale_by=2.0, **SECOND, **LINKS),
        ),
        [
            {
                "kind": "upscale",
                "node": "UltimateSDUpscale",
                "steps": 6,
                "cfg": 2.0,
                "denoise": 0.3,
                "factor": 2.0,
                "upscale_model": "4x.pth",
                "sampler": "euler",
            }
        ],
    ),
    "upscale with a model, then to a size": (
        after(
            _20=node("UpscaleModelLoader", model_name="4x.pth"),
            _21=node("ImageUpscaleWithModel", image=link("8"), upscale_model=link("20")),
            _22=node("ImageScale", image=link("21"), width=1024, height=1536, upscale_method="lanczos"),
        ),
        [
            {"kind": "upscale", "node": "ImageUpscaleWithModel", "upscale_model": "4x.pth"},
            {"kind": "resize", "node": "ImageScale", "width": 1024, "height": 1536},
        ],
    ),
    "faces mended": (
        after(_20=node("ReActorFaceSwap", input_image=link("8"), source_image=link("21"), face_model="a")),
        [{"kind": "face restoration", "node": "ReActorFaceSwap"}],
    ),
    "a service at the end": (
        after(_20=node("RecraftCrispUpscaleNode", image=link("8"))),
        [{"kind": "service", "node": "RecraftCrispUpscaleNode", "service": "Recraft"}],
    ),
    "iterative upscale": (
        {
            **SIMPLE,
            "20": node("PixelKSampleUpscalerProvider", scale_method="lanczos", **SECOND, **LINKS),
            "21": node("IterativeLatentUpscale", samples=link("3"), upscale_factor=1.5, steps=3, upscaler=link("20")),
            **saved("21"),
        },
        [
            {
                "kind": "upscale",
                "node": "IterativeLatentUpscale",
                "steps": 6,
                "cfg": 2.0,
                "denoise": 0.3,
                "factor": 1.5,
                "sampler": "euler",
            }
        ],
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_what_follows_the_first_sampler_is_listed_in_its_order(name: str) -> None:
    graph, expected = LATER[name]
    assert passes(graph) == expected
    assert read(graph).seed == 7
    assert read(graph).unknown_noise == ""


def test_a_second_sampler_with_another_model_is_a_refiner() -> None:
    graph = {
        **SIMPLE,
        "20": node("CheckpointLoaderSimple", ckpt_name="polish.safetensors"),
        "21": sampler(link("3"), model=link("20"), seed=1, steps=5, denoise=0.2),
        **saved("21"),
    }
    assert passes(graph) == [
        {"kind": "refiner", "node": "KSampler", "steps": 5, "cfg": 7.5, "denoise": 0.2, "model": "polish.safetensors"}
    ]


def test_a_sampler_that_goes_on_without_noise_is_no_second_drawing() -> None:
    inputs: Entries = {"steps": 20, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", **LINKS}
    graph = {
        **LOADER,
        "3": node("KSamplerAdvanced", add_noise="enable", noise_seed=7, latent_image=link("5"), **inputs),
        "20": node("KSamplerAdvanced", add_noise="disable", noise_seed=0, latent_image=link("3"), **inputs),
        **saved("20"),
    }
    assert passes(graph) == [{"kind": "sampler", "node": "KSamplerAdvanced", "steps": 20, "cfg": 7.5}]


def test_scripts_of_the_efficiency_nodes_are_passes() -> None:
    script = node("HighRes-Fix Script", upscale_by=1.5, hires_steps=8, denoise=0.5, pixel_upscaler="4x.pth")
    assert passes({**SIMPLE, "3": sampler(link("5"), script=link("20")), "20": script}) == [
        {
            "kind": "hires",
            "node": "HighRes-Fix Script",
            "steps": 8,
            "denoise": 0.5,
            "factor": 1.5,
            "upscale_model": "4x.pth",
        }
    ]


def test_what_guides_the_first_pass_is_listed() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), positive=link("20"), negative=link("20", 1), model=link("22")),
        "20": node(
            "ControlNetApplyAdvanced",
            positive=link("6"),
            negative=link("7"),
            control_net=link("21"),
            image=link("23"),
            strength=0.7,
        ),
        "21": node("ControlNetLoader", control_net_name="lines.safetensors"),
        "22": node("IPAdapterAdvanced", model=link("10"), ipadapter=link("24"), image=link("23"), weight=0.4),
        "23": node("LoadImage", image="a.png"),
        "24": node("IPAdapterModelLoader", ipadapter_file="a.bin"),
    }
    assert passes(graph) == [
        {"kind": "controlnet", "node": "ControlNetApplyAdvanced", "strength": 0.7, "model": "lines.safetensors"},
        {"kind": "image prompt", "node": "IPAdapterAdvanced", "weight": 0.4},
    ]


def from_picture(**nodes: Json) -> Entries:
    """Return a graph whose sampler starts from the first of these nodes."""
    named = {name.strip("_"): entry for name, entry in nodes.items()}
    latents = sampler(link(next(iter(named))), denoise=0.6)
    return {**SIMPLE, "3": latents, "29": node("LoadImage", image="a.png"), **named}


STARTS: dict[str, tuple[Entries, Json]] = {
    "encoded": (
        from_picture(_20=node("VAEEncode", pixels=link("29"), vae=link("4", 2))),
        {"kind": "img2img", "node": "VAEEncode", "denoise": 0.6},
    ),
    "resized first": (
        from_picture(
            _20=node("VAEEncodeTiled", pixels=link("21"), vae=link("4", 2)),
            _21=node("ImageScale", image=link("29"), width=64, height=64),
        ),
        {"kind": "img2img", "node": "VAEEncodeTiled", "denoise": 0.6},
    ),
    "for inpainting": (
        from_picture(_20=node("VAEEncodeForInpaint", pixels=link("29"), mask=link("29", 1), vae=link("4", 2))),
        {"kind": "inpaint", "node": "VAEEncodeForInpaint", "denoise": 0.6},
    ),
    "masked": (
        from_picture(
            _20=node("SetLatentNoiseMask", samples=link("21"), mask=link("29", 1)),
            _21=node("VAEEncode", pixels=link("29"), vae=link("4", 2)),
        ),
        {"kind": "inpaint", "node": "VAEEncode", "denoise": 0.6},
    ),
    "by an inpainting model": (
        from_picture(
            _20=node(
                "InpaintModelConditioning",
                positive=link("6"),
                negative=link("7"),
                pixels=link("29"),
                mask=link("29", 1),
                vae=link("4", 2),
            )
        ),
        {"kind": "inpaint", "node": "InpaintModelConditioning", "denoise": 0.6},
    ),
    "stored latents": (
        from_picture(_20=node("LoadLatent", latent="a.latent")),
        {"kind": "img2img", "node": "LoadLatent", "denoise": 0.6},
    ),
}


@pytest.mark.parametrize("name", STARTS)
def test_noise_over_a_picture_is_said(name: str) -> None:
    graph, expected = STARTS[name]
    assert passes(graph) == [expected]
    assert dict(read(graph).extra)["denoise"] == 0.6


def test_the_share_of_noise_is_found_in_a_scheduler() -> None:
    graph = {
        **from_picture(_20=node("VAEEncode", pixels=link("29"), vae=link("4", 2))),
        "3": node(
            "SamplerCustom", noise_seed=7, sigmas=link("30"), sampler=link("31"), latent_image=link("20"), **LINKS
        ),
        "30": node("BasicScheduler", scheduler="simple", steps=10, denoise=0.4, model=link("10")),
        "31": node("KSamplerSelect", sampler_name="euler"),
    }
    assert passes(graph) == [{"kind": "img2img", "node": "VAEEncode", "denoise": 0.4}]
    assert dict(read(graph).extra)["denoise"] == 0.4


def test_a_size_taken_from_a_picture_is_not_a_picture_under_the_noise() -> None:
    graph = {
        **SIMPLE,
        "5": node("EmptyLatentImage", width=link("20"), height=link("20", 1), batch_size=1),
        "20": node("GetImageSize", image=link("21")),
        "21": node("LoadImage", image="a.png"),
    }
    assert passes(graph) == []
    assert (read(graph).width, read(graph).height) == (0, 0)


def test_a_picture_that_conditions_the_model_is_not_under_the_noise() -> None:
    graph = {
        **SIMPLE,
        "5": node(
            "SVD_img2vid_Conditioning", init_image=link("20"), width=512, height=768, video_frames=14, batch_size=1
        ),
        "20": node("LoadImage", image="a.png"),
    }
    assert passes(graph) == []
    assert read(graph).unknown_noise == "it is the noise of a video"


def test_skipped_steps_over_a_picture_are_said() -> None:
    inputs: Entries = {"steps": 20, "cfg": 7.5, "start_at_step": 8, "sampler_name": "euler", **LINKS}
    graph = {
        **LOADER,
        "3": node("KSamplerAdvanced", add_noise="enable", noise_seed=7, latent_image=link("20"), **inputs),
        "20": node("VAEEncode", pixels=link("21"), vae=link("4", 2)),
        "21": node("LoadImage", image="a.png"),
        **saved("3"),
    }
    assert passes(graph) == [{"kind": "img2img", "node": "VAEEncode", "start_at_step": 8}]


def test_among_several_outputs_what_a_sampler_made_counts_first() -> None:
    graph = {
        "21": node("FaceDetailer", image=link("20"), **SECOND, **LINKS),
        "22": node("SaveImage", images=link("21")),
        **SIMPLE,
        "20": node("LoadImage", image="a.png"),
    }
    assert read(graph).seed == 7


def test_branches_beside_the_picture_are_no_passes() -> None:
    graph = {
        **SIMPLE,
        "20": node("LoadImage", image="frame.png"),
        "21": node("ImageScale", image=link("20"), width=64, height=64),
        "22": node("ImageBlend", image1=link("21"), image2=link("8"), blend_factor=0.5),
        "9": node("SaveImage", images=link("22")),
    }
    assert passes(graph) == []


@pytest.mark.parametrize("kind", ["FaceDetailer", "DetailerForEach", "SEGSDetailer", "UltimateSDUpscale"])
def test_a_touch_up_alone_has_fields_but_no_noise(kind: str) -> None:
    graph = {
        **LOADER,
        "20": node("LoadImage", image="a.png"),
        "21": node(kind, image=link("20"), **SECOND, **LINKS),
        "9": node("SaveImage", images=link("21")),
    }
    found = read(graph)
    assert (found.seed, found.num_inference_steps, found.sampler, found.model) == (1, 6, "euler", "boats.safetensors")
    assert (found.prompt, found.negative_prompt, found.guidance_scale) == ("a red boat", "fog", 2.0)
    assert found.unknown_noise == f"{kind} draws noise over parts of a finished picture"


def test_the_first_stage_of_stable_cascade_is_the_record() -> None:
    graph = {
        **LOADER,
        "4": node("UNETLoader", unet_name="stage_c.safetensors"),
        "5": node("StableCascade_EmptyLatentImage", width=1024, height=768, compression=42, batch_size=1),
        "3": sampler(link("5")),
        "20": node("UNETLoader", unet_name="stage_b.safetensors"),
        "21": node("StableCascade_StageB_Conditioning", conditioning=link("22"), stage_c=link("3")),
        "22": node("ConditioningZeroOut", conditioning=link("6")),
        "23": sampler(link("5", 1), model=link("20"), positive=link("21"), seed=5, steps=10, cfg=1.1),
        **saved("23"),
    }
    found = read(graph)
    assert (found.seed, found.num_inference_steps, found.guidance_scale) == (7, 20, 7.5)
    assert (found.model, found.width, found.height) == ("stage_c.safetensors", 1024, 768)
    assert found.unknown_noise == "the latents of Stable Cascade have a shape that is not known here"
    assert passes(graph) == [
        {"kind": "decoder", "node": "KSampler", "steps": 10, "cfg": 1.1, "denoise": 1.0, "model": "stage_b.safetensors"}
    ]


def test_no_more_passes_than_the_limit_are_listed() -> None:
    later: Entries = {str(100 + at): sampler(link(str(99 + at) if at else "3"), seed=at) for at in range(200)}
    listed = passes({**SIMPLE, **later, **saved("299")})
    assert isinstance(listed, list)
    assert len(listed) == 64


def test_an_iterative_upscale_alone_has_the_settings_of_its_sampler() -> None:
    graph = {
        **LOADER,
        "20": node("LoadImage", image="a.png"),
        "21": node("ToBasicPipe", clip=link("10", 1), **LINKS),
        "22": node("KSamplerProvider", basic_pipe=link("21"), **SECOND),
        "23": node("TwoSamplersForMaskUpscalerProvider", base_sampler=link("22"), mask_sampler=link("22")),
        "24": node("IterativeImageUpscale", pixels=link("20"), upscale_factor=2.0, steps=3, upscaler=link("23")),
        "9": node("SaveImage", images=link("24")),
    }
    found = read(graph)
    assert (found.seed, found.num_inference_steps, found.prompt, found.model) == (
        1,
        6,
        "a red boat",
        "boats.safetensors",
    )
    assert found.unknown_noise == "IterativeImageUpscale draws noise over parts of a finished picture"


def test_a_patch_of_the_model_may_be_a_controlnet() -> None:
    patch = node("QwenImageDiffsynthControlnet", model=link("10"), model_patch=link("21"), strength=0.8)
    loader = node("ModelPatchLoader", name="lines.safetensors")
    graph = {**SIMPLE, "3": sampler(link("5"), model=link("20")), "20": patch, "21": loader}
    assert passes(graph) == [
        {
            "kind": "controlnet",
            "node": "QwenImageDiffsynthControlnet",
            "strength": 0.8,
            "model": "lines.safetensors",
        }
    ]
