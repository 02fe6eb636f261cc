"""Prompts of ComfyUI's graphs: both sides of the packs of nodes, from the sampler back to the texts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from latentpng.foreign.tools.comfyui.graph import graph_of
from latentpng.foreign.tools.comfyui.outputs import given
from latentpng.foreign.tools.comfyui.prompt import prompt_of, prompts_of
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import Entries, link, node

ENDS: Entries = {
    "m": node("CheckpointLoaderSimple", ckpt_name="boats.safetensors"),
    "p": node("CLIPTextEncode", text="a red boat", clip=link("m", 1)),
    "n": node("CLIPTextEncode", text="fog", clip=link("m", 1)),
    "pt": node("PrimitiveString", value="a red boat"),
    "nt": node("PrimitiveString", value="fog"),
}


def prompts(sampler: Json, entries: Entries) -> tuple[str, str]:
    """Return the prompts of a sampler whose ID is `s`."""
    graph = graph_of({**ENDS, "s": sampler, **entries})
    values = (given(graph, graph.nodes["s"], role) for role in ("positive", "negative", "cond2"))
    return prompts_of(graph, *values)


def sampler(positive: Json, negative: Json, **others: Json) -> Json:
    return node("KSampler", positive=positive, negative=negative, **others)


TEXTS = {"positive": "a red boat", "negative": "fog"}
LINKS = {"positive": link("p"), "negative": link("n")}
SAMPLERS: Mapping[str, tuple[Json, Entries]] = {
    "Impact Pack": (
        sampler(link("2", 4), link("2", 5)),
        {"1": node("ToBasicPipe", **LINKS), "2": node("FromBasicPipe_v2", basic_pipe=link("1"))},
    ),
    "a sampler with a pipe of the Impact Pack": (
        node("ImpactKSamplerBasicPipe", basic_pipe=link("1"), seed=1),
        {"1": node("ToBasicPipe", **LINKS)},
    ),
    "a detailer with a pipe": (
        node("FaceDetailerPipe", detailer_pipe=link("2")),
        {"1": node("ToBasicPipe", **LINKS), "2": node("BasicPipeToDetailerPipe", basic_pipe=link("1"), wildcard="")},
    ),
    "rgthree": (
        sampler(link("2", 4), link("2", 5)),
        {
            "1": node("Context Big (rgthree)", positive=link("p")),
            "2": node("Context (rgthree)", base_ctx=link("1"), negative=link("n")),
        },
    ),
    "texts of a big context": (
        sampler(link("2"), link("3")),
        {
            "1": node("Context Big (rgthree)", text_pos_g=link("pt"), text_neg_g=link("nt")),
            "2": node("CLIPTextEncode", text=link("1", 17), clip=link("m", 1)),
            "3": node("CLIPTextEncode", text=link("1", 19), clip=link("m", 1)),
        },
    ),
    "power prompts": (
        sampler(link("1"), link("2")),
        {
            "1": node("Power Prompt (rgthree)", prompt="a red boat", opt_clip=link("m", 1), opt_model=link("m")),
            "2": node("Power Prompt - Simple (rgthree)", prompt=link("nt"), opt_clip=link("m", 1)),
        },
    ),
    "Easy-Use": (
        node("easy kSampler", pipe=link("2")),
        {
            "1": node("easy fullLoader", ckpt_name="boats", lora_name="None", **TEXTS),
            "2": node("easy preSampling", pipe=link("1")),
        },
    ),
    "Easy-Use with linked texts and outputs": (
        sampler(link("1", 4), link("1", 5)),
        {"1": node("easy fullLoader", ckpt_name="boats", positive=link("pt"), negative=link("nt"))},
    ),
    "Easy-Use with a control net and new texts": (
        node("easy fullkSampler", pipe=link("3")),
        {
            "1": node("easy a1111Loader", ckpt_name="boats", positive="a hat", negative="rain"),
            "2": node("easy pipeEditPrompt", pipe=link("1"), **TEXTS),
            "3": node("easy controlnetLoader", pipe=link("2"), control_net_name="lines"),
        },
    ),
    "tinyterraNodes": (
        node("ttN pipeKSampler_v2", pipe=link("1"), lora_name="None", optional_negative=link("n")),
        {"1": node("ttN pipeLoader_v2", ckpt_name="boats", loras="", positive="a red boat", negative="rain")},
    ),
    "texts of tinyterraNodes": (
        sampler(link("1", 1), link("1", 2)),
        {"1": node("ttN conditioning", model=link("m"), clip=link("m", 1), **TEXTS)},
    ),
    "Efficiency nodes": (
        node("KSampler (Efficient)", positive=link("1", 1), negative=link("1", 2)),
        {"1": node("Efficient Loader", ckpt_name="boats", positive=link("pt"), negative="fog")},
    ),
    "a second sampler of the Efficiency nodes": (
        sampler(link("2", 1), link("2", 2)),
        {
            "1": node("Efficient Loader", ckpt_name="boats", **TEXTS),
            "2": node("KSampler (Efficient)", model=link("1"), positive=link("1", 1), negative=link("1", 2)),
        },
    ),
    "the tuple of the Efficiency nodes": (
        node("KSampler SDXL (Eff.)", sdxl_tuple=link("1"), noise_seed=1),
        {"1": node("Eff. Loader SDXL", base_ckpt_name="boats", **TEXTS)},
    ),
    "an unpacked tuple": (
        sampler(link("2", 2), link("2", 3)),
        {
            "1": node("Eff. Loader SDXL", base_ckpt_name="boats", **TEXTS),
            "2": node("Unpack SDXL Tuple", sdxl_tuple=link("1")),
        },
    ),
    "Comfyroll": (
        sampler(link("2", 2), link("2", 3)),
        {
            "1": node("CR Module Pipe Loader", pos=link("p"), neg=link("n")),
            "2": node("CR Module Input", pipe=link("1")),
        },
    ),
    "an encoder of Comfyroll": (
        sampler(link("1", 0), link("1", 1)),
        {
            "1": node(
                "CR SDXL Base Prompt Encoder",
                base_clip=link("m", 1),
                pos_g=link("2", 0),
                pos_l=link("2", 1),
                neg_g=link("2", 3),
                neg_l="",
            ),
            "2": node("CR Prompt Mixer", prompt_positive="a red boat", prompt_negative="fog"),
        },
    ),
    "Searge": (
        sampler(link("4", 0), link("4", 1)),
        {
            "1": node("SeargeInput1", main_prompt="a red boat", negative_prompt=link("nt")),
            "2": node("SeargeParameterProcessor", inputs=link("1")),
            "3": node("SeargeOutput1", parameters=link("2")),
            "4": node(
                "SeargeSDXLBasePromptEncoder",
                base_clip=link("m", 1),
                pos_g=link("3", 1),
                pos_l=link("3", 1),
                neg_g=link("3", 4),
                neg_l=link("3", 4),
            ),
        },
    ),
    "a loader and a pipe of an unknown pack": (
        sampler(link("2", 1), link("2", 2)),
        {"1": node("BoatLoader", ckpt_name="boats", **TEXTS), "2": node("BoatOut", boat_pipe=link("1"))},
    ),
    "an encoder of both sides of an unknown pack": (
        sampler(link("1", 0), link("1", 1)),
        {
            "1": node(
                "CLIP Positive-Negative (WLSH)",
                clip=link("m", 1),
                positive_text=link("pt"),
                negative_text="fog",
            )
        },
    ),
    "an encoder of a prompt and a negative prompt": (
        sampler(link("1", 0), link("1", 1)),
        {"1": node("BothEncode", CLIP=link("m", 1), prompt="a red boat", negative_prompt=link("nt"))},
    ),
    "a guider of three conditionings": (
        node("DualCFGGuider", cond1=link("p"), cond2=link("n"), negative=link("n"), cfg_conds=5.0),
        {},
    ),
    "a guider that gets the prompt twice": (
        node("DualCFGGuider", cond1=link("1"), cond2=link("1", 1), negative=link("p"), style="nested"),
        {"1": node("InstructPixToPixConditioning", **LINKS, vae=link("m", 2), pixels=link("i"))},
    ),
    "a guider with an empty conditioning": (
        node("PerpNegGuider", **LINKS, empty_conditioning=link("1"), cfg=6.0, neg_scale=1.0),
        {"1": node("CLIPTextEncode", text="", clip=link("m", 1))},
    ),
    "a face of a photograph": (
        sampler(link("1", 1), link("1", 2)),
        {"1": node("ApplyInstantID", model=link("m"), image=link("i"), **LINKS)},
    ),
    "control nets and patches in a row": (
        sampler(link("3", 0), link("3", 1)),
        {
            "1": node("ControlNetApplyAdvanced", positive=link("2"), negative=link("n"), control_net=link("c")),
            "2": node("unCLIPConditioning", conditioning=link("4"), clip_vision_output=link("v")),
            "3": node("InpaintModelConditioning", positive=link("1", 0), negative=link("1", 1), vae=link("m", 2)),
            "4": node("StyleModelApply", conditioning=link("5"), style_model=link("y")),
            "5": node("FluxGuidance", conditioning=link("p"), guidance=3.5),
        },
    ),
    "pairs of conditionings": (
        sampler(link("1", 0), link("1", 1)),
        {
            "1": node(
                "PairConditioningCombine",
                positive_A=link("p"),
                negative_A=link("n"),
                positive_B=link("p"),
                negative_B=link("n"),
            )
        },
    ),
    "regions of a prompt": (
        sampler(link("2"), link("n")),
        {
            "1": node("BNK_CutoffBasePrompt", text="a red boat", clip=link("m", 1)),
            "2": node("BNK_CutoffRegionsToConditioning", mask_token="", clip_regions=link("3")),
            "3": node("BNK_CutoffSetRegions", region_text="boat", target_text="red", clip_regions=link("1")),
        },
    ),
    "switches and reroutes": (
        sampler(link("1"), link("2")),
        {
            "1": node("ComfySwitchNode", switch=True, on_true=link("p"), on_false=link("n")),
            "2": node("Reroute", **{"": link("3")}),
            "3": node("ConditioningSetTimestepRange", conditioning=link("n"), start=0.0, end=1.0),
        },
    ),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_both_prompts_are_found(name: str) -> None:
    assert prompts(*SAMPLERS[name]) == ("a red boat", "fog")


ENCODERS: Mapping[str, tuple[Entries, str]] = {
    "CLIPTextEncodeSDXL": ({"text_g": "a red boat", "text_l": "a red boat"}, "a red boat"),
    "CLIPTextEncodeFlux": ({"clip_l": "boat", "t5xxl": "a red boat", "guidance": 3.5}, "boat\na red boat"),
    "CLIPTextEncodeSD3": ({"clip_l": "a red boat", "clip_g": "a red boat", "t5xxl": ""}, "a red boat"),
    "CLIPTextEncodeHiDream": ({"clip_l": "", "clip_g": "", "t5xxl": "", "llama": "a red boat"}, "a red boat"),
    "CLIPTextEncodeLumina2": ({"system_prompt": "superior", "user_prompt": "a red boat"}, "a red boat"),
    "CLIPTextEncodePixArtAlpha": ({"width": 64, "height": 64, "text": "a red boat"}, "a red boat"),
    "CLIPTextEncodeHunyuanDiT": ({"bert": "a red boat", "mt5xl": "a red boat"}, "a red boat"),
    "TextEncodeQwenImageEditPlus": ({"prompt": "a red boat", "image1": link("i"), "vae": link("v")}, "a red boat"),
    "TextEncodeHunyuanVideo_ImageToVideo": ({"prompt": "a red boat", "clip_vision_output": link("i")}, "a red boat"),
    "TextEncodeAceStepAudio": ({"tags": "jazz", "lyrics": "a red boat"}, ""),
    "BNK_CLIPTextEncodeAdvanced": ({"text": "a red boat", "weight_interpretation": "comfy++"}, "a red boat"),
    "smZ CLIPTextEncode": ({"text": "a red boat", "with_SDXL": False, "text_g": "hat", "text_l": ""}, "a red boat"),
    "ImpactWildcardEncode": (
        {"wildcard_text": "a {red|tin} boat", "populated_text": "a red boat", "model": link("m")},
        "a red boat",
    ),
    "ImpactWildcardEncode of an old file": ({"wildcard_text": "a __boat__", "populated_text": ""}, "a __boat__"),
    "ScheduleToCond": ({"prompt_schedule": link("1")}, "a red boat"),
}


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_have_their_texts_under_many_names(kind: str) -> None:
    inputs, expected = ENCODERS[kind]
    schedule = node("PromptToSchedule", text="a red boat")
    encoder = node(kind, clip=link("m", 1), **inputs)
    assert prompts(sampler(link("e"), None), {"e": encoder, "1": schedule}) == (expected, "")


def test_an_encoder_of_wildcards_may_encode_the_negative_prompt() -> None:
    encoder = node("ImpactWildcardEncode", wildcard_text="", populated_text="fog", model=link("m"), clip=link("m", 1))
    assert prompts(sampler(link("p"), link("e", 2)), {"e": encoder}) == ("a red boat", "fog")


def test_texts_beside_a_conditioning_follow_it() -> None:
    boxed = node("GLIGENTextBoxApply", conditioning_to=link("p"), clip=link("m", 1), text="sun", x=0, y=0)
    assert prompts(sampler(link("e"), link("n")), {"e": boxed}) == ("a red boat\nsun", "fog")
    added = {
        "1": node("ttN pipeLoader_v2", ckpt_name="boats", loras="", **TEXTS),
        "2": node("ttN pipeEncodeConcat", toggle=True, pipe=link("1"), positive="at sea", negative="rain"),
    }
    assert prompts(sampler(link("2", 1), link("2", 2)), added) == ("a red boat\nat sea", "fog\nrain")


@pytest.mark.parametrize(
    ("negative", "entries"),
    [
        (link("p"), {}),
        (
            link("1", 4),
            {"1": node("FromBasicPipe", basic_pipe=link("2")), "2": node("ToBasicPipe", positive=link("p"))},
        ),
        (link("1", 5), {"1": node("Context (rgthree)", positive=link("p"))}),
        (link("1"), {"1": node("ConditioningZeroOut", conditioning=link("p"))}),
        (link("1"), {"1": node("HunyuanImageToVideo", positive=link("p"), vae=link("m", 2))}),
        (link("1"), {"1": node("Boats", text=link("2"), clip=link("m", 1)), "2": node("Styles", style="oil")}),
        (link("1"), {"1": node("Boats", text=link("2", 0), clip=link("m", 1)), "2": node("Styler", **TEXTS)}),
        (link("missing"), {}),
    ],
)
def test_the_prompt_is_never_shown_as_the_negative_prompt(negative: Json, entries: Entries) -> None:
    assert prompts(sampler(link("p"), negative), entries) == ("a red boat", "")


def test_conditionings_that_double_with_every_node_are_entered_once() -> None:
    many: Entries = {
        str(at): node("Combine", **{f"cond_{i}": link(str(at + 1), i) for i in range(100)}) for at in range(100)
    }
    graph = graph_of({**ENDS, **many, "100": node("CLIPTextEncode", text="a red boat", clip=link("m", 1))})
    assert prompt_of(graph, link("0"), "positive") == "a red boat"
