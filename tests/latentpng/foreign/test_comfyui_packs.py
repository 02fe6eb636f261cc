"""Nodes of other authors in a graph of ComfyUI: their contexts, sliders, switches, savers and samplers."""

from __future__ import annotations

import json

import pytest

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import LOADER, SIMPLE, Entries, link, node, sampler

DRAWN: Entries = {"seed": 7, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "scheduler": "karras", "denoise": 1.0}
PROMPTS: Entries = {"positive": link("6"), "negative": link("7")}
EASY: Entries = {
    "ckpt_name": "boats.safetensors",
    "resolution": "512 x 768",
    "empty_latent_width": 512,
    "empty_latent_height": 768,
    "positive": "a red boat",
    "negative": "fog",
    "batch_size": 1,
}


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def extra(graph: Entries, name: str) -> Json:
    """Return a further field of a graph."""
    return dict(read(graph).extra).get(name)


def refusal(graph: Entries) -> str:
    """Return why the noise of a graph is not rebuilt."""
    with pytest.raises(InvalidValueError) as raised:
        rebuild(read(graph), Choices())
    return str(raised.value)


def easy(pre: str, run: str = "easy kSampler", loader: Entries | None = None, **more: Json) -> Entries:
    """Return a graph of Easy-Use."""
    return {
        "1": node("easy fullLoader", **{**EASY, **(loader or {})}),
        "2": node(pre, pipe=link("1"), **{**DRAWN, **more}),
        "3": node(run, pipe=link("2"), image_output="Save"),
    }


def sized(width: Json, height: Json, **nodes: Json) -> Entries:
    """Return the simple graph with linked sizes and the nodes that these come from."""
    empty = node("EmptyLatentImage", width=width, height=height, batch_size=1)
    return {**SIMPLE, "5": empty, **{name.strip("_"): entry for name, entry in nodes.items()}}


def test_dynamic_contexts_give_what_their_keys_say() -> None:
    names: Entries = {"+ MODEL": link("10"), "+ CONDITIONING": link("6")}
    graph = {
        **SIMPLE,
        "20": node("Dynamic Context (rgthree)", output_keys="MODEL,CONDITIONING", **names),
        "21": node(
            "Dynamic Context (rgthree)",
            output_keys="MODEL,CONDITIONING,CONDITIONING_2",
            base_ctx=link("20"),
            **{"+ CONDITIONING_2": link("7")},
        ),
        "22": node(
            "Dynamic Context Switch (rgthree)", output_keys="MODEL,CONDITIONING,CONDITIONING_2", ctx_01=link("21")
        ),
        "3": sampler(link("5"), model=link("22", 1), positive=link("22", 2), negative=link("22", 3)),
    }
    record = read(graph)
    assert (record.prompt, record.negative_prompt, record.model) == ("a red boat", "fog", "boats.safetensors")


def test_a_detailer_of_easy_use_has_its_settings_in_its_pipe() -> None:
    graph = easy("easy preDetailerFix", "easy detailerFix", optional_image=link("4"))
    record = read({**graph, "4": node("LoadImage", image="a.png")})
    assert (record.prompt, record.negative_prompt, record.seed) == ("a red boat", "fog", 7)
    assert (record.num_inference_steps, record.sampler, record.model) == (20, "euler", "boats.safetensors")
    assert "parts of a finished picture" in record.unknown_noise


def test_the_sdxl_pipe_of_tiny_terra_is_a_sampler() -> None:
    drawn = {name: value for name, value in DRAWN.items() if name != "steps"}
    loader: Entries = {
        "empty_latent_aspect": "832 x 1216 [P] 2:3",
        "empty_latent_width": 1024,
        "empty_latent_height": 1024,
        **{"positive_g": "a red boat", "positive_l": "a red boat", "negative_g": "fog", "negative_l": "fog"},
        **{"ckpt_name": "boats.safetensors", "refiner_ckpt_name": "refiner.safetensors", "seed": 7},
    }
    graph: Entries = {
        "1": node("ttN pipeLoaderSDXL_v2", **loader),
        "2": node("ttN pipeKSamplerSDXL_v2", sdxl_pipe=link("1"), base_steps=20, refiner_steps=0, **drawn),
    }
    record = read(graph)
    assert (record.prompt, record.negative_prompt, record.seed) == ("a red boat", "fog", 7)
    assert (record.num_inference_steps, record.width, record.height) == (20, 832, 1216)
    assert "passes" not in dict(record.extra)


def test_a_sampler_with_a_fixed_schedule_is_a_sampler() -> None:
    inputs: Entries = {"base_model": link("10"), "samples": link("5"), "vae": link("4", 2), "seed": 7}
    prompts: Entries = {"positive_cond_base": link("6"), "negative_cond_base": link("7")}
    record = read({**SIMPLE, "3": node("Mikey Sampler", **inputs, **prompts)})
    assert (record.prompt, record.negative_prompt, record.seed) == ("a red boat", "fog", 7)
    assert (record.model, record.width) == ("boats.safetensors", 512)


@pytest.mark.parametrize(
    "kind", ["Image Saver", "Save Image w/Metadata", "SDPromptSaver", "SaveImageA1111", "Image Saver Metadata"]
)
def test_a_node_that_saves_settings_is_no_pass(kind: str) -> None:
    told: Entries = {"seed_value": 7, "positive": link("30"), "negative": "fog", "width": 512, "height": 768, **DRAWN}
    graph = {
        **SIMPLE,
        "30": node("StringConstant", string="a red boat"),
        "9": node(kind, images=link("8"), filename="boat", **told),
    }
    assert extra(graph, "passes") is None
    assert extra(graph, "sampler_node") == "KSampler"


NOISE: dict[str, tuple[Entries, str]] = {
    "a factor that mixes seeds": (
        easy("easy preSamplingNoiseIn", factor=0.1),
        "easy preSamplingNoiseIn mixes the noise of a second seed in",
    ),
    "a script that mixes seeds": (
        {
            **LOADER,
            "3": node("KSampler (Efficient)", script=link("20"), latent_image=link("5"), model=link("10"), **DRAWN),
            "20": node("Noise Control Script", rng_source="cpu", add_seed_noise=True, seed=3, weight=0.1),
            "9": node("SaveImage", images=link("3", 5)),
        },
        "Noise Control Script mixes the noise of a second seed in",
    ),
    "a sampler that injects noise": (
        {**SIMPLE, "3": node("KSampler Noise Injection", model=link("10"), latent_image=link("5"), **DRAWN)},
        "KSampler Noise Injection draws noise of its own",
    ),
    "the samplers of XLabs": (
        {
            **SIMPLE,
            "3": node("XlabsSampler", model=link("10"), latent_image=link("5"), noise_seed=7, steps=20, true_gs=3.5),
        },
        "XlabsSampler draws noise of its own",
    ),
}


@pytest.mark.parametrize("name", NOISE)
def test_noise_of_other_kinds_is_refused(name: str) -> None:
    graph, reason = NOISE[name]
    assert refusal(graph) == f"its noise cannot be rebuilt: {reason}"


def test_noise_that_a_node_adds_before_a_sampler_without_noise_is_not_taken_for_a_pass() -> None:
    graph = {
        **SIMPLE,
        "20": node("AddNoise", model=link("10"), noise=link("21"), sigmas=link("22"), latent_image=link("5")),
        "21": node("RandomNoise", noise_seed=7),
        "22": node("BasicScheduler", model=link("10"), scheduler="karras", steps=20, denoise=1.0),
        "3": sampler(link("20"), add_noise="disable"),
    }
    assert extra(graph, "sampler_node") == "KSampler"
    assert refusal(graph) == "its noise cannot be rebuilt: AddNoise adds noise to the latents before sampling"


DRAWING: dict[str, tuple[Entries, str]] = {
    "Easy-Use, chosen": (easy("easy preSamplingAdvanced", add_noise="enable (GPU=A1111)"), "gpu"),
    "Easy-Use, not chosen": (easy("easy preSamplingAdvanced", add_noise="enable (CPU)"), "cpu"),
    "Easy-Use, like the web UI": (easy("easy preSampling", loader={"a1111_prompt_style": True}), "gpu"),
    "smZ, as NVIDIA draws": (
        {
            **SIMPLE,
            "20": node("smZ Settings", **{"*": link("10"), "RNG": "nv"}),
            "3": sampler(link("5"), model=link("20")),
        },
        "nv",
    ),
}


@pytest.mark.parametrize("name", DRAWING)
def test_the_device_of_the_noise_is_told(name: str) -> None:
    graph, device = DRAWING[name]
    assert read(graph).randomness == device


def test_the_main_seed_is_that_of_the_noise() -> None:
    inputs: Entries = {**DRAWN, "variation_seed": 9, "variation_strength": 0.2, "model": link("10"), **PROMPTS}
    del inputs["seed"]
    graph = {**SIMPLE, "3": node("KSamplerVariationsWithNoise+", main_seed=7, latent_image=link("5"), **inputs)}
    record = read(graph)
    assert (record.seed, record.variation_seed, record.variation_strength) == (7, 9, 0.2)


SIZES: dict[str, Entries] = {
    "two sliders": sized(
        link("20"),
        link("21"),
        _20=node("mxSlider", Xi=512, Xf=1.5, isfloatX=0),
        _21=node("mxSlider", Xi=9, Xf=768.0, isfloatX=1),
    ),
    "one slider of two axes": sized(
        link("20"), link("20", 1), _20=node("mxSlider2D", Xi=512, Xf=1.0, Yi=768, Yf=2.0, isfloatX=0, isfloatY=0)
    ),
    "arithmetic that is named by the node": sized(
        link("20"),
        link("21"),
        _20=node("DF_Multiply", Value_A=256.0, Value_B=2.0),
        _21=node("CR Divide", a=1536, b=2),
    ),
    "a measured picture of a fixed size": sized(
        link("20"),
        link("20", 1),
        _20=node("GetImageSize", image=link("21")),
        _21=node("ImageScale", image=link("22"), width=512, height=768, crop="center"),
        _22=node("LoadImage", image="a.png"),
    ),
    "a switch of two numbers": sized(
        link("20"), 768, _20=node("ComfySwitchNode", switch=True, on_true=512, on_false=1024)
    ),
    "empty latents that are enlarged": {
        **sized(256, 384, _20=node("LatentUpscaleBy", samples=link("5"), upscale_method="area", scale_by=2.0)),
        "3": sampler(link("20")),
    },
}


@pytest.mark.parametrize("name", SIZES)
def test_the_size_of_the_latents_is_found(name: str) -> None:
    record = read(SIZES[name])
    assert (record.width, record.height) == (512, 768)


def test_the_limits_of_a_resized_picture_are_no_size() -> None:
    resized = node("ImageResize+", image=link("22"), width=512, height=768, method="keep proportion")
    measured = node("GetImageSize+", image=link("21"))
    graph = sized(link("20"), link("20", 1), _20=measured, _21=resized, _22=node("LoadImage", image="a.png"))
    assert (read(graph).width, read(graph).height) == (0, 0)


@pytest.mark.parametrize(("setting", "prompt"), [("B", "a red boat"), ("C", "a tower")])
def test_a_switch_compares_a_text_with_its_cases(setting: str, prompt: str) -> None:
    inputs: Entries = {"case_1": "A", "case_2": "B", "input_default": link("20"), "input_1": link("20")}
    graph = {
        **SIMPLE,
        "20": node("CLIPTextEncode", text="a tower", clip=link("10", 1)),
        "21": node("LayerUtility: SwitchCase", switch_condition=setting, input_2=link("6"), **inputs),
        "3": sampler(link("5"), positive=link("21")),
    }
    assert read(graph).prompt == prompt


def test_hooks_hang_lora_files_on_a_text_encoder() -> None:
    graph = {
        **SIMPLE,
        "20": node("CreateHookLora", lora_name="waves.safetensors", strength_model=0.5, prev_hooks=link("22")),
        "21": node("SetClipHooks", clip=link("10", 1), hooks=link("20"), apply_to_conds=True),
        "22": node("CreateHookLora", lora_name="gulls.safetensors", strength_model=0.4),
        "6": node("CLIPTextEncode", text="a red boat", clip=link("21")),
    }
    assert extra(graph, "loras") == ["sails.safetensors", "waves.safetensors", "gulls.safetensors"]
    assert extra(graph, "lora_weights") == [1.0, 0.5, 0.4]


def test_a_stack_of_models_is_a_merge_of_those_that_are_on() -> None:
    rows: Entries = {
        **{"switch_1": "On", "ckpt_name1": "boats.safetensors", "switch_2": "Off", "ckpt_name2": "off.safetensors"},
        **{"switch_3": "On", "ckpt_name3": "harbours.safetensors", "model_ratio3": 0.5},
    }
    graph = {
        **SIMPLE,
        "20": node("CR Model Merge Stack", **rows),
        "4": node("CR Apply Model Merge", model_stack=link("20"), merge_method="Recursive"),
    }
    assert read(graph).model == "boats.safetensors"
    assert extra(graph, "merged_models") == [{"node": "CR Model Merge Stack", "models": ["harbours.safetensors"]}]


def test_the_text_encoder_of_kolors_encodes() -> None:
    graph = {**SIMPLE, "6": node("MZ_ChatGLM3_V2", chatglm3_model=link("4"), text="a red boat")}
    assert read(graph).prompt == "a red boat"


@pytest.mark.parametrize("names", [("comfyui", "prompt"), ("input", "workflow"), ("generation", "data")])
def test_a_graph_is_found_under_any_name_of_an_object(names: tuple[str, str]) -> None:
    record = foreign_from_texts({"metadata": json.dumps({names[0]: {names[1]: SIMPLE}})})
    assert (record.tool, record.prompt, record.seed) == ("comfyui", "a red boat", 7)


def test_a_sampler_may_encode_its_texts_itself() -> None:
    texts: Entries = {"positive": "a red boat", "negative": "fog", "clip": link("4", 1), "vae": link("4", 2)}
    graph = {**SIMPLE, "3": node("D2 KSampler", model=link("10"), latent_image=link("5"), **DRAWN, **texts)}
    record = read(graph)
    assert (record.prompt, record.negative_prompt, record.seed) == ("a red boat", "fog", 7)


def test_a_file_that_is_added_to_a_model_is_not_the_model() -> None:
    added = node("ADE_AnimateDiffLoaderGen1", model=link("10"), model_name="motion.ckpt")
    assert read({**SIMPLE, "20": added, "3": sampler(link("5"), model=link("20"))}).model == "boats.safetensors"


def test_a_picture_that_only_conditions_the_model_does_not_lie_under_the_noise() -> None:
    graph = {
        **SIMPLE,
        "20": node("InstructPixToPixConditioning", vae=link("4", 2), pixels=link("21"), **PROMPTS),
        "21": node("ImageScale", image=link("22"), width=512, height=768, crop="center"),
        "22": node("LoadImage", image="a.png"),
        "3": sampler(link("20", 2), positive=link("20"), negative=link("20", 1)),
    }
    assert extra(graph, "passes") == [{"kind": "image prompt", "node": "InstructPixToPixConditioning"}]
    assert (read(graph).prompt, read(graph).negative_prompt, read(graph).width) == ("a red boat", "fog", 512)


def test_a_background_that_is_removed_on_this_machine_is_no_service() -> None:
    removed: Entries = {"20": node("BRIA_RMBG_Zho", rmbgmodel=link("21"), image=link("8"))}
    graph = {**SIMPLE, **removed, "21": node("BRIA_RMBG_ModelLoader_Zho"), "9": node("SaveImage", images=link("20"))}
    assert extra(graph, "passes") is None


def test_a_pipeline_that_makes_its_latents_itself_is_refused() -> None:
    drawn: Entries = {"num_inference_steps": 20, "guidance_scale": 7.5, "seed": 7, "width": 512, "height": 768}
    graph: Entries = {
        "1": node("PipelineLoader", model="boats"),
        "2": node("PipelineSampler", pipeline=link("1"), prompt="a red boat", negative_prompt="fog", **drawn),
        "9": node("SaveImage", images=link("2")),
    }
    reason = "PipelineSampler makes its latents itself, and how it draws noise over them is not known"
    assert refusal(graph) == f"its noise cannot be rebuilt: {reason}"
