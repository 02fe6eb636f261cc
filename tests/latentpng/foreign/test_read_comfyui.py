"""Graphs of ComfyUI: which sampler made the initial noise, and where its links lead."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import FLUX, HIRES, LOADER, SIMPLE, Entries, link, node, sampler, saved


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def test_the_nodes_of_a_custom_sampler_are_followed() -> None:
    assert read(FLUX) == ForeignRecord(
        tool="comfyui",
        prompt="a red boat",
        seed=219670278747233,
        width=768,
        height=1024,
        num_inference_steps=24,
        sampler="euler",
        scheduler="simple",
        model="flux1-dev.safetensors",
        randomness="cpu",
        channels=16,
        extra=(
            ("sampler_node", "SamplerCustomAdvanced"),
            ("latent_node", "EmptySD3LatentImage"),
            ("batch_size", 4),
            ("flux_guidance", 3.5),
        ),
    )


def test_a_guider_has_its_own_guidance_and_prompts() -> None:
    guider = node("CFGGuider", model=link("31"), positive=link("26"), negative=link("60"), cfg=4.5)
    found = read({**FLUX, "22": guider, "60": node("CLIPTextEncode", text="fog", clip=link("32"))})
    assert (found.guidance_scale, found.prompt, found.negative_prompt) == (4.5, "a red boat", "fog")


def test_a_custom_sampler_with_its_seed_in_it() -> None:
    custom = node(
        "SamplerCustom",
        model=link("10"),
        positive=link("6"),
        negative=link("7"),
        sampler=link("50"),
        sigmas=link("51"),
        latent_image=link("5"),
        add_noise=True,
        noise_seed=12,
        cfg=8.0,
    )
    sigmas = node("SplitSigmas", sigmas=link("52"), step=3)
    schedule = node("KarrasScheduler", steps=11, sigma_max=14.6, sigma_min=0.03, rho=7.0)
    found = read(
        {**SIMPLE, "3": custom, "50": node("KSamplerSelect", sampler_name="heun"), "51": sigmas, "52": schedule}
    )
    assert (found.seed, found.num_inference_steps, found.sampler) == (12, 11, "heun")
    assert (found.scheduler, found.guidance_scale) == ("KarrasScheduler", 8.0)


def advanced(latent: Json, seed: Json, add_noise: str) -> Json:
    """Return a KSamplerAdvanced."""
    return node(
        "KSamplerAdvanced",
        add_noise=add_noise,
        noise_seed=seed,
        steps=25,
        cfg=8.0,
        sampler_name="euler",
        scheduler="normal",
        start_at_step=0,
        end_at_step=20,
        return_with_leftover_noise="enable",
        model=link("10"),
        positive=link("6"),
        negative=link("7"),
        latent_image=latent,
    )


def test_a_refiner_adds_no_noise_and_the_sampler_before_it_counts() -> None:
    graph = {**LOADER, "3": advanced(link("5"), 31, "enable"), "2": advanced(link("3"), 0, "disable"), **saved("2")}
    assert read(graph).seed == 31


@pytest.mark.parametrize("add_noise", ["disable", False])
def test_the_seed_of_a_sampler_that_adds_no_noise_is_ignored(add_noise: str) -> None:
    found = read({**LOADER, "3": advanced(link("5"), 31, add_noise), **saved("3")})
    assert found.seed is None
    assert dict(found.extra)["noise_seed"] == 31
    assert read({**FLUX, "25": node("DisableNoise")}).seed is None


def test_an_upscale_of_pixels_is_followed_too() -> None:
    graph = {
        **SIMPLE,
        "20": node("ImageUpscaleWithModel", image=link("8"), upscale_model=link("21")),
        "21": node("UpscaleModelLoader", model_name="4x.pth"),
        "22": node("VAEEncode", pixels=link("20"), vae=link("4", 2)),
        "23": sampler(link("22"), seed=1, denoise=0.3),
        "24": node("VAEDecode", samples=link("23"), vae=link("4", 2)),
        "9": node("SaveImage", images=link("24")),
    }
    assert (read(graph).seed, read(graph).width, read(graph).height) == (7, 512, 768)


def test_img2img_starts_from_pixels() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("22"), denoise=0.6),
        "22": node("VAEEncode", pixels=link("20"), vae=link("4", 2)),
        "20": node("LoadImage", image="a.png", upload="image"),
    }
    found = read(graph)
    assert (found.seed, found.width, found.height, found.batch_index) == (7, 0, 0, None)
    assert dict(found.extra)["latent_node"] == "VAEEncode"


def test_conditionings_are_followed_through_what_changes_them() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), positive=link("60", 0), negative=link("60", 1)),
        "60": node(
            "ControlNetApplyAdvanced", positive=link("61"), negative=link("7"), control_net=link("62"), image=link("63")
        ),
        "61": node("ConditioningCombine", conditioning_1=link("6"), conditioning_2=link("64")),
        "64": node("ConditioningSetArea", conditioning=link("65"), width=64, height=64),
        "65": node("CLIPTextEncodeSDXL", text_g="on a lake", text_l="on a lake", clip=link("4", 1)),
        "63": node("LoadImage", image="a.png"),
    }
    found = read(graph)
    assert (found.prompt, found.negative_prompt) == ("a red boat\non a lake", "fog")


def test_a_conditioning_of_zeros_has_no_prompt() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), negative=link("60")),
        "60": node("ConditioningZeroOut", conditioning=link("6")),
    }
    assert (read(graph).prompt, read(graph).negative_prompt) == ("a red boat", "")


def test_a_prompt_is_put_together_from_nodes_of_text() -> None:
    graph = {
        **SIMPLE,
        "6": node("CLIPTextEncode", text=link("60"), clip=link("10", 1)),
        "60": node("StringConcatenate", string_a=link("61"), string_b="boat", delimiter=" "),
        "61": node("StringConcatenate", string_a="a", string_b=link("62"), delimiter=" "),
        "62": node("PrimitiveString", value="red"),
    }
    assert read(graph).prompt == "a red boat"


def test_a_custom_loader_that_encodes_and_its_sampler() -> None:
    graph: Entries = {
        "1": node(
            "Efficient Loader",
            ckpt_name="boats.safetensors",
            positive="a red boat",
            negative="fog",
            empty_latent_width=640,
            empty_latent_height=512,
            batch_size=1,
        ),
        "2": node(
            "KSampler (Efficient)",
            seed=link("3"),
            steps=9,
            cfg=3.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
            model=link("1", 0),
            positive=link("1", 1),
            negative=link("1", 2),
            latent_image=link("1", 3),
        ),
        "3": node("easy seed", seed=8, control_after_generate="fixed"),
        "4": node("Image Save", images=link("2", 5)),
    }
    found = read(graph)
    assert (found.seed, found.width, found.height, found.model) == (8, 640, 512, "boats.safetensors")
    assert (found.prompt, found.negative_prompt) == ("a red boat", "fog")


def test_variations_of_other_samplers() -> None:
    swarm = read({**SIMPLE, "3": sampler(link("5"), var_seed=2, var_seed_strength=0.25)})
    assert (swarm.variation_seed, swarm.variation_strength, swarm.randomness) == (2, 0.25, "cpu")
    inspire = sampler(link("5"), variation_seed=2, variation_strength=0.25, noise_mode="GPU(=A1111)")
    found = read({**SIMPLE, "3": inspire})
    assert (found.variation_seed, found.variation_strength, found.randomness) == (2, 0.25, "gpu")


def test_a_picture_taken_out_of_its_batch_is_known() -> None:
    batch = {**SIMPLE, "5": node("EmptyLatentImage", width=64, height=64, batch_size=6)}
    assert read(batch).batch_index is None
    taken = {
        **batch,
        "8": node("VAEDecode", samples=link("70"), vae=link("4", 2)),
        "70": node("LatentFromBatch", samples=link("3"), batch_index=4, length=1),
    }
    assert read(taken).batch_index == 4
    assert dict(read(taken).extra)["batch_size"] == 6
    several = {**taken, "70": node("LatentFromBatch", samples=link("3"), batch_index=4, length=2)}
    assert read(several).batch_index is None


def test_saved_pictures_count_before_previews() -> None:
    graph = {
        "1": node("PreviewImage", images=link("2")),
        "2": node("VAEDecode", samples=link("30"), vae=link("4", 2)),
        "30": sampler(link("5"), seed=1),
        **SIMPLE,
    }
    assert read(graph).seed == 7
    del graph["9"]
    assert read(graph).seed == 1


def test_several_pictures_of_one_graph_are_reported() -> None:
    graph = {
        **SIMPLE,
        "30": sampler(link("5"), seed=1),
        "31": node("VAEDecode", samples=link("30"), vae=link("4", 2)),
        "32": node("SaveImage", images=link("31")),
    }
    assert read(graph).seed == 7
    assert dict(read(graph).extra)["samplers"] == 2


def test_a_custom_output_is_a_node_that_nothing_links_to() -> None:
    graph = {**SIMPLE, "9": node("SendToPhone", images=link("8"))}
    assert read(graph) == read(SIMPLE)


def test_a_graph_without_a_sampler_names_only_the_tool() -> None:
    assert read(LOADER) == ForeignRecord(tool="comfyui")
    workflow = {"nodes": [{"id": 1, "type": "KSampler"}], "links": []}
    assert foreign_from_texts({"workflow": json.dumps(workflow)}) == ForeignRecord(tool="comfyui")


def test_numbers_that_json_does_not_have_are_passed_over() -> None:
    text = json.dumps(SIMPLE).replace('"denoise": 1.0', '"is_changed": [NaN], "denoise": Infinity')
    assert foreign_from_texts({"prompt": text}).seed == 7


@pytest.mark.parametrize(
    "graph",
    [
        {**SIMPLE, "5": node("LatentRotate", samples=link("3"))},
        {**SIMPLE, "5": node("LatentRotate", samples=link("5"))},
        {**SIMPLE, "6": node("ConditioningCombine", conditioning_1=link("6"), conditioning_2=link("6"))},
        {**SIMPLE, "6": node("CLIPTextEncode", text=link("6"))},
        {
            **SIMPLE,
            "6": node("Concat", string_a=link("60"), string_b=link("6")),
            "60": node("Concat", text_a=link("6")),
        },
        {
            **SIMPLE,
            "3": sampler(link("5"), positive=link("6", 1)),
            "6": node("ControlNetApplyAdvanced", positive=link("7"), negative=link("7")),
            "7": node("ControlNetApplyAdvanced", positive=link("6", 1), negative=link("6")),
        },
        {**SIMPLE, "10": node("LoraLoader", model=link("10"), lora_name=link("10"))},
        {**HIRES, "5": node("EmptyLatentImage", width=link("5"), height=link("5"), batch_size=link("5"))},
        {**FLUX, "25": node("RandomNoise", noise_seed=link("42")), "42": node("A", value=link("25"))},
        {**FLUX, "17": node("SplitSigmas", sigmas=link("17"))},
    ],
)
def test_cycles_end(graph: Entries) -> None:
    found = read(graph)
    assert found.tool == "comfyui"
    assert found.sampler in ("dpmpp_2m", "euler")


@pytest.mark.parametrize("missing", ["4", "5", "6", "7", "10"])
def test_links_to_missing_nodes_have_no_value(missing: str) -> None:
    found = read({key: entry for key, entry in SIMPLE.items() if key != missing})
    expected = {
        "4": ("a red boat", "fog", "", 512, 7),
        "5": ("a red boat", "fog", "boats.safetensors", 0, 7),
        "6": ("", "fog", "boats.safetensors", 512, 7),
        "7": ("a red boat", "", "boats.safetensors", 512, 7),
        "10": ("a red boat", "fog", "", 512, 7),
    }
    assert (found.prompt, found.negative_prompt, found.model, found.width, found.seed) == expected[missing]


def test_a_text_that_doubles_with_every_node_is_limited() -> None:
    graph: Entries = {
        str(100 + depth): node("Concat", string_a=link(str(101 + depth)), string_b=link(str(101 + depth)))
        for depth in range(60)
    }
    graph["160"] = node("String", value="boat")
    graph["6"] = node("CLIPTextEncode", text=link("130"))  # 2^30 boats
    found = read({**SIMPLE, **graph})
    assert 0 < len(found.prompt) <= 4096 * 4
    assert set(found.prompt.split("boat")) == {""}


def test_long_chains_and_many_outputs_end() -> None:
    chain: Entries = {str(1000 + at): node("Reroute", **{"": link(str(1001 + at))}) for at in range(2000)}
    chain["3000"] = node("Reroute", **{"": link("5")})
    found = read({**SIMPLE, "3": sampler(link("1000")), **chain})
    assert (found.width, found.height) == (512, 768)
    many: Entries = {f"out{at}": node("SaveImage", images=link("8")) for at in range(2000)}
    assert read({**many, **SIMPLE}).seed == 7
