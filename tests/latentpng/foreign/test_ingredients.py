"""What else made a picture: the same few values from every tool, and nothing from words of a wrong form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.foreign.ingredients import Ingredients, Named, ingredients_of, needs
from latentpng.foreign.passes import facts_of
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_webui import A1111

EMPTY = Ingredients(prompt="", negative_prompt="")


def of(tool: str, prompt: str = "", negative: str = "", **extra: Json) -> Ingredients:
    """Return the ingredients of a record with these fields; "_" in their names stands for a blank."""
    fields = tuple((name, value) for name, value in extra.items())
    return ingredients_of(ForeignRecord(tool=tool, prompt=prompt, negative_prompt=negative, extra=fields))


def test_a_web_ui_picture_says_all_of_it() -> None:
    found = of(
        "a1111",
        "a (red sun:1.3) <lora:ink:0.8>, <lyco:boats/sail.safetensors:0.5:0.4> [lake]",
        "easynegative",
        **{
            "Clip skip": "2",
            "Lora hashes": "ink: 1a2b3c4d5e6f, sail: aabbccddeeff",
            "TI hashes": '"easynegative: c74b4e810b03"',
            "VAE": "kl-f8-anime2.ckpt",
            "VAE hash": "f921fb3f29",
            "Denoising strength": "0.6",
            "Hires upscale": "2",
            "Hires steps": "10",
            "Hires upscaler": "Latent",
        },
    )
    assert found == Ingredients(
        prompt="a (red sun:1.3) ,  [lake]",
        negative_prompt="easynegative",
        prompt_style="a1111",
        clip_skip=2,
        loras=(
            Named(name="ink", weight=0.8, hash="1a2b3c4d5e6f"),
            Named(name="sail", weight=0.4, hash="aabbccddeeff"),
        ),
        embeddings=(Named(name="easynegative", hash="c74b4e810b03"),),
        vae=Named(name="kl-f8-anime2", hash="f921fb3f29"),
        passes=(
            {
                "kind": "hires",
                "Hires upscale": "2",
                "Hires steps": "10",
                "Hires upscaler": "Latent",
                "Denoising strength": "0.6",
            },
        ),
    )


def test_the_sample_of_a_web_ui() -> None:
    found = ingredients_of(A1111.record)
    assert (found.clip_skip, [lora.name for lora in found.loras]) == (2, ["boat", "sea"])
    assert found.passes == ()


def test_lists_and_objects_without_quotes_are_read_whole() -> None:
    line = (
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64, "
        'Hashes: {"model": "0011223344", "lora:ink, blue": "aabbccddeeff"}, Odd: [1, 2} x, Deep: ' + "[" * 20_000 + ", "
        'Civitai resources: [{"type":"checkpoint","modelName":"Boats, v2"},'
        '{"type":"lora","weight":0.6,"modelName":"Sea"}], Clip skip: 2'
    )
    record = foreign_from_texts({"parameters": f"a boat\n{line}"})
    found = ingredients_of(record)
    assert (record.model, found.clip_skip, dict(record.extra)["Odd"]) == ("Boats, v2", 2, "[1")
    assert found.loras == (Named(name="ink, blue", hash="aabbccddeeff"), Named(name="Sea", weight=0.6))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            of(
                "invokeai",
                clip_skip=1,
                loras=[{"model": {"name": "ink", "hash": "blake3:00"}, "weight": 0.75}],
                vae={"name": "mse", "hash": "blake3:01"},
                hrf_enabled=True,
                hrf_strength=0.4,
            ),
            replace(
                EMPTY,
                clip_skip=2,
                loras=(Named(name="ink", weight=0.75, hash="blake3:00"),),
                vae=Named(name="mse", hash="blake3:01"),
                passes=({"kind": "hires", "hrf_enabled": True, "hrf_strength": 0.4},),
            ),
        ),
        (of("invokeai", clip_skip=0, hrf_enabled=False, hrf_strength=0.4), EMPTY),
        (
            of("swarmui", "a boat", loras=["ink", "sub/glow"], loraweights=["0.5", "1"], clipstopatlayer="-2"),
            replace(
                EMPTY,
                prompt="a boat",
                prompt_style="comfyui",
                clip_skip=2,
                loras=(Named(name="ink", weight=0.5), Named(name="glow", weight=1.0)),
            ),
        ),
        (
            of(
                "fooocus",
                loras=[["sd_xl_offset.safetensors", 0.1, "4852686128"]],
                lora_combined_2="ink.safetensors : 0.3",
            ),
            replace(
                EMPTY,
                loras=(Named(name="sd_xl_offset", weight=0.1, hash="4852686128"), Named(name="ink", weight=0.3)),
            ),
        ),
        (
            of("a1111", **{"AddNet Model 1": "ink(1a2b3c4d5e6f)", "AddNet Weight A 1": "0.7"}),
            replace(EMPTY, loras=(Named(name="ink", weight=0.7, hash="1a2b3c4d5e6f"),)),
        ),
        (
            of(
                "a1111",
                **{
                    "Civitai resources": '[{"type":"checkpoint","modelName":"Boats"},'
                    '{"type":"lora","weight":0.6,"modelName":"Ink"},{"type":"embed","modelName":"Glow"}]'
                },
            ),
            replace(EMPTY, loras=(Named(name="Ink", weight=0.6),), embeddings=(Named(name="Glow"),)),
        ),
        (
            of("a1111", **{"Denoising strength": "0.5"}),
            replace(EMPTY, passes=({"kind": "img2img", "Denoising strength": "0.5"},)),
        ),
        (of("a1111", "<lora:ink>"), replace(EMPTY, loras=(Named(name="ink", weight=1.0),))),
        (of("novelai", "{boat}"), replace(EMPTY, prompt="{boat}")),
        (of("fooocus", clip_skip=2), replace(EMPTY, clip_skip=2)),
        (of("sdnext", **{"CLIP skip": "2.0"}), replace(EMPTY, clip_skip=2)),
        (of("a1111", **{"Clip skip": "1.5"}), EMPTY),
        (
            of("fooocus", **{"Lora hashes": "ink: 4852686128", "Lora weights": "ink: 0.5, sea glass: -1"}),
            replace(
                EMPTY,
                loras=(Named(name="ink", weight=0.5, hash="4852686128"), Named(name="sea glass", weight=-1.0)),
            ),
        ),
        (
            of(
                "fooocus", lora_combined_1="None : 1.0", loras=[["None", 1.0]], refiner_model="None", refiner_switch=0.5
            ),
            EMPTY,
        ),
        (
            of(
                "a1111",
                **{"Hashes": '{"model": "0011223344", "lora:ink": "aabbccddeeff", "embed:glow": "c74b4e810b03"}'},
            ),
            replace(
                EMPTY,
                loras=(Named(name="ink", hash="aabbccddeeff"),),
                embeddings=(Named(name="glow", hash="c74b4e810b03"),),
            ),
        ),
        (
            of("forge", **{"Module 1": "clip_l", "Module 2": "ae", "Module 3": "t5xxl_fp16"}),
            replace(EMPTY, vae=Named(name="ae")),
        ),
        (of("forge", **{"Module 1": "clip_l", "VAE": "None"}), EMPTY),
        (
            of("sdnext", "<lora:ink:te=0.4:unet=0.7> <lora:sea:unet=0.3> <lora:off:0> <lora:none:x>"),
            replace(EMPTY, loras=(Named(name="ink", weight=0.7), Named(name="sea", weight=0.3))),
        ),
        (
            of("swarmui", "a <lora:ink:0.7:0.2> boat, <embed:sub/glow>", "<embed:dull>"),
            replace(
                EMPTY,
                prompt="a  boat, embedding:sub/glow",
                negative_prompt="embedding:dull",
                prompt_style="comfyui",
                loras=(Named(name="ink", weight=0.7),),
                embeddings=(Named(name="glow"), Named(name="dull")),
            ),
        ),
        (
            of("swarmui", "a boat <segment:face,0.6>", controlnetmodel="canny", refinercontrolpercentage=0, vae="None"),
            replace(
                EMPTY,
                prompt="a boat <segment:face,0.6>",
                prompt_style="comfyui",
                passes=(
                    {"kind": "controlnet", "controlnetmodel": "canny"},
                    {"kind": "detailer", "segment": "face,0.6"},
                ),
            ),
        ),
        (
            of("invokeai", "a boat, <glow>, 3 < 4", generation_mode="sdxl_img2img", strength=0.6, init_image="x.png"),
            replace(
                EMPTY,
                prompt="a boat, <glow>, 3 < 4",
                embeddings=(Named(name="glow"),),
                passes=(
                    {"kind": "img2img", "generation_mode": "sdxl_img2img", "strength": 0.6, "init_image": "x.png"},
                ),
            ),
        ),
        (
            of("invokeai", generation_mode="flux_txt2img", ref_images=[{"isEnabled": False}], seamless_x=False),
            EMPTY,
        ),
        (
            of("invokeai", ref_images=[{"isEnabled": True}], seamless_x=True),
            replace(
                EMPTY,
                passes=(
                    {"kind": "image prompt", "ref_images": [{"isEnabled": True}]},
                    {"kind": "tiling", "seamless_x": True},
                ),
            ),
        ),
        (of("invokeai", facetool="gfpgan", facetool_strength=0), EMPTY),
        (
            of("drawthings", lora=[{"model": "ink_lora.ckpt", "weight": 0.6}]),
            replace(EMPTY, loras=(Named(name="ink_lora", weight=0.6),)),
        ),
        (
            of(
                "a1111",
                **{"Denoising strength": "0", "Face restoration": "CodeFormer", "Tiling": "True", "RP Active": "False"},
            ),
            replace(
                EMPTY,
                passes=(
                    {"kind": "face restoration", "Face restoration": "CodeFormer"},
                    {"kind": "tiling", "Tiling": "True"},
                ),
            ),
        ),
        (
            of("forge", "a boat <hypernet:calm:0.4>"),
            replace(
                EMPTY,
                prompt="a boat <hypernet:calm:0.4>",
                prompt_style="a1111",
                passes=({"kind": "hypernetwork", "hypernet": "calm:0.4"},),
            ),
        ),
        (of("comfyui", denoise=1.0, latent_node="EmptyLatentImage"), EMPTY),
        (of("comfyui", denoise=0.6), replace(EMPTY, passes=({"kind": "img2img", "denoise": 0.6},))),
    ],
)
def test_each_tool_in_its_own_words(found: Ingredients, expected: Ingredients) -> None:
    assert found == expected


def test_a_person_is_told_what_is_needed() -> None:
    settings: dict[str, Json] = {
        "clip_skip": 2,
        "model": {"loras": [{"name": "ink", "weight": 0.8}], "embeddings": [{"name": "glow"}], "vae": {"name": "mse"}},
    }
    assert needs(settings) == (
        "LoRA ink (0.8)",
        "textual inversion glow",
        "VAE mse",
        "clip skip 2",
    )
    assert needs({"model": "x", "passes": 3, "clip_skip": "y"}) == ()


def test_a_pass_keeps_little_of_what_a_tool_wrote() -> None:
    nested: Json = []
    for _ in range(50):
        nested = [nested]
    found = of("invokeai", controlnets=[nested], control_layers=["x" * 400_000], controlnet_note="y" * 500)
    assert found.passes == (
        {
            "kind": "controlnet",
            "controlnets": "[" * 52 + "]" * 52,
            "control_layers": f'["{"x" * 398}',
            "controlnet_note": "y" * 400,
        },
    )
    assert facts_of({"kind": "controlnet", "controlnets": [{"a": True}]}) == 'controlnets [{"a":true}]'


fields = st.sampled_from(
    [
        *("Clip skip", "clip_skip", "clipstopatlayer", "stop_at_clip_layer", "Lora hashes", "TI hashes", "VAE", "vae"),
        *("VAE hash", "loras", "lora_weights", "loraweights", "lora_combined_1", "AddNet Model 1", "Hires steps"),
        *("Hashes", "Lora weights", "Module 1", "lora", "generation_mode", "init_image", "ref_images", "strength"),
        *("AddNet Weight A 1", "Civitai resources", "refiner_model", "passes", "Denoising strength"),
    ]
)


values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["model", "name", "weight", "hash"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["a1111", "comfyui", "invokeai", "swarmui", "fooocus", ""]),
    st.text(),
    st.dictionaries(fields, values),
)
def test_fields_of_any_form_raise_nothing(tool: str, prompt: str, extra: dict[str, Json]) -> None:
    found = ingredients_of(ForeignRecord(tool=tool, prompt=prompt, extra=tuple(extra.items())))
    assert all(one.name for one in (*found.loras, *found.embeddings))
    assert 0 <= found.clip_skip <= 12
    needs({"model": {"loras": [one.to_json() for one in found.loras]}, "passes": list(found.passes)})


@pytest.mark.parametrize("tool", ["a1111", "forge", "sdcpp", "fooocus"])
def test_a_tag_in_a_negative_prompt_loads_nothing(tool: str) -> None:
    found = of(tool, "a boat <lora:ink:0.8>", "fog <lora:glow:1>")
    assert (found.prompt, found.negative_prompt) == ("a boat", "fog <lora:glow:1>")
    assert found.loras == (Named(name="ink", weight=0.8),)


def test_swarmui_loads_the_tags_of_both_prompts() -> None:
    found = of("swarmui", "a boat <lora:ink:0.8>", "fog <lora:glow:1>")
    assert (found.prompt, found.negative_prompt) == ("a boat", "fog")
    assert found.loras == (Named(name="ink", weight=0.8), Named(name="glow", weight=1.0))
