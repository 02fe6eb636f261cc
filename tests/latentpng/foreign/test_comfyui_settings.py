"""Settings of samplers of ComfyUI behind links, selectors, contexts and switches."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import LOADER, SIMPLE, Entries, link, node, sampler, saved

SETTINGS: Entries = {
    "steps": 9,
    "cfg": 3.0,
    "sampler_name": "heun",
    "scheduler": "beta",
    "denoise": 1.0,
}
LINKS: Entries = {"model": link("10"), "positive": link("6"), "negative": link("7")}


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def kept(found: ForeignRecord) -> tuple[Json, ...]:
    """What nearly every sampler says."""
    return (
        *(found.seed, found.num_inference_steps, found.guidance_scale, found.sampler, found.scheduler),
        *(found.prompt, found.negative_prompt, found.model, found.width, found.height),
    )


USUAL = (31, 9, 3.0, "heun", "beta", "a red boat", "fog", "boats.safetensors", 512, 768)


@pytest.mark.parametrize(
    ("selector", "inputs"),
    [
        ("Sampler Selector", {"sampler_name": "heun"}),
        ("CR Select Sampler", {"method": "heun", "show": False}),
        ("Primitive string", {"value": "heun"}),
        ("easy samplerSelect", {"name": {"content": "heun"}}),
        ("KSampler Config (rgthree)", {"steps_total": 9, "cfg": 3.0, "sampler_name": "heun", "scheduler": "beta"}),
    ],
)
def test_the_name_of_a_sampler_is_found_behind_a_link(selector: str, inputs: Entries) -> None:
    graph = {**SIMPLE, "3": sampler(link("5"), sampler_name=link("60")), "60": node(selector, **inputs)}
    assert read(graph).sampler == "heun"


def test_steps_and_guidance_are_found_behind_links_too() -> None:
    config = node("KSampler Config (rgthree)", steps_total=9, refiner_step=7, cfg=3.5, scheduler="beta")
    linked = sampler(link("5"), steps=link("60"), cfg=link("60", 2), scheduler=link("60", 4), seed=link("61"))
    found = read({**SIMPLE, "3": linked, "60": config, "61": node("CR Seed", seed=12)})
    assert (found.num_inference_steps, found.guidance_scale, found.scheduler, found.seed) == (9, 3.5, "beta", 12)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("SamplerDPMPP_2M_SDE", "dpmpp_2m_sde"),
        ("SamplerDPMPP_SDE", "dpmpp_sde"),
        ("SamplerEulerAncestral", "euler_ancestral"),
        ("SamplerLMS", "lms"),
    ],
)
def test_a_node_that_is_one_kind_of_sampler_gives_its_name(kind: str, name: str) -> None:
    graph = {
        **SIMPLE,
        "3": node(
            "SamplerCustom", noise_seed=1, sampler=link("60"), sigmas=link("61"), latent_image=link("5"), **LINKS
        ),
        "60": node(kind, eta=1.0, s_noise=1.0, noise_device="gpu"),
        "61": node("Flux2Scheduler", steps=9, width=64, height=64),
    }
    found = read(graph)
    assert (found.sampler, found.scheduler, found.num_inference_steps) == (name, "Flux2Scheduler", 9)
    assert found.randomness == "cpu"


def test_a_context_gives_its_values_by_the_output_of_a_link() -> None:
    graph = {
        **LOADER,
        **saved("3"),
        "50": node("Context (rgthree)", model=link("10"), latent=link("5"), seed=link("51"), positive=link("6")),
        "51": node("Seed (rgthree)", seed=31),
        "52": node("Context (rgthree)", base_ctx=link("50"), negative=link("7")),
        "3": node(
            "KSampler",
            seed=link("52", 8),
            model=link("52", 1),
            positive=link("52", 4),
            negative=link("52", 5),
            latent_image=link("52", 6),
            **SETTINGS,
        ),
    }
    assert kept(read(graph)) == USUAL


@pytest.mark.parametrize("kind", ["Context Big (rgthree)", "easy pipeIn", "CR Data Bus In"])
def test_a_bundle_of_everything_is_no_sampler(kind: str) -> None:
    bundle = node(kind, seed=1, latent=link("5"), steps=3, cfg=1.0, sampler_name="lcm", scheduler="simple", **LINKS)
    graph = {**SIMPLE, "50": bundle, "3": sampler(link("51")), "51": node("Reroute", **{"": link("50", 6)})}
    assert (read(graph).seed, read(graph).num_inference_steps) == (7, 20)


def test_only_the_chosen_branch_of_a_switch_is_read() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("60"), model=link("61")),
        "60": node("ComfySwitchNode", switch=False, on_false=link("5"), on_true=link("62")),
        "61": node("ComfySwitchNode", switch=True, on_false=link("10"), on_true=link("63")),
        "62": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "63": node("CheckpointLoaderSimple", ckpt_name="lakes.safetensors"),
    }
    found = read(graph)
    assert (found.width, found.height, found.model) == (512, 768, "lakes.safetensors")


def test_noise_of_a_script_is_drawn_where_the_script_says() -> None:
    script = node("Noise Control Script", rng_source="gpu", cfg_denoiser=False, add_seed_noise=False, seed=0)
    graph = {**SIMPLE, "3": sampler(link("5"), script=link("60")), "60": script}
    assert (read(graph).randomness, read(graph).seed) == ("gpu", 7)


def test_a_negative_seed_stands_for_a_random_one() -> None:
    graph = {**SIMPLE, "3": sampler(link("5"), seed=link("60")), "60": node("Seed (rgthree)", seed=-1)}
    assert read(graph).seed == -1
    assert read(graph).unknown_noise == "the seed -1 stands for a random one, which the file does not name"


def test_a_seed_of_a_sampler_is_not_taken_from_what_it_starts_from() -> None:
    graph = {
        **SIMPLE,
        "3": sampler(link("5"), seed=None),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1, seed=5),
    }
    assert read(graph).seed is None


def test_graphs_of_many_samplers_and_contexts_end() -> None:
    later: Entries = {f"s{at}": sampler(link(f"s{at - 1}" if at else "3"), seed=at) for at in range(600)}
    assert read({**SIMPLE, **later, **saved("s599")}).tool == "comfyui"
    contexts: Entries = {
        f"c{at}": node("Context (rgthree)", base_ctx=link(f"c{at + 1}"), clip=link("4", 1)) for at in range(600)
    }
    contexts["c600"] = node("Context (rgthree)", model=link("10"), latent=link("5"), seed=31)
    taken = sampler(link("c0", 6), model=link("c0", 1), seed=link("c0", 8))
    assert read({**SIMPLE, **contexts, "3": taken}).tool == "comfyui"
