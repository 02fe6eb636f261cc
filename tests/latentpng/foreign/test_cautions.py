"""When an import says that the noise is not all of a picture; the sentences themselves stand in the table of kinds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.errors import InvalidValueError
from latentpng.foreign.cautions import MAX_CAUTIONS, cautions_of
from latentpng.foreign.choices import Choices
from latentpng.foreign.ingredients import ingredients_of
from latentpng.foreign.passes import passes_of
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools.lora_tags import split_weights
from latentpng.record import Json

FACES_AND_UPSCALE: list[Json] = ["upscale", "face restoration"]


def kinds(tool: str, **fields: Json) -> list[Json]:
    """Return the kinds of the passes that fields tell."""
    return [told["kind"] for told in passes_of(ForeignRecord(tool=tool, extra=tuple(fields.items())))]


def cautions(picture: tuple[int, int] = (64, 48), **changes: Any) -> tuple[str, ...]:
    """Return what is said about a record."""
    record = ForeignRecord(**{"tool": "a1111", "seed": 41, "width": 64, "height": 48, **changes})
    rebuilt = rebuild(record, Choices(picture=picture))
    return cautions_of(record, ingredients_of(record), rebuilt, picture, {})


@pytest.mark.parametrize(
    ("tool", "fields", "expected"),
    [
        ("a1111", {"Denoising strength": "0.45"}, ["img2img"]),
        ("a1111", {"Denoising strength": "1.0"}, []),  # Krita writes it for every picture
        ("a1111", {"Denoising strength": "1"}, []),
        ("a1111", {"Denoising strength": "0"}, []),
        ("a1111", {"Denoising strength": "0.5", "Hires upscale": "2"}, ["hires"]),
        ("a1111", {"Denoising strength": "0.5", "Hires resize": "1024x1024"}, ["hires"]),
        ("a1111", {"Denoising strength": "1", "Mask blur": "4"}, ["inpaint"]),
        ("forge", {"Denoising strength": "0.75", "Inpaint area": "Only masked"}, ["inpaint"]),
        ("sdnext", {"Operations": "txt2img"}, []),
        ("sdnext", {"Operations": "img2img", "Denoising strength": "1"}, ["img2img"]),
        ("sdnext", {"Operations": "inpaint; hires"}, ["hires", "inpaint"]),
        ("sdnext", {"Init image hash": "0a1b2c3d", "Init image size": "512x512"}, ["img2img"]),
        ("swarmui", {"initimagecreativity": 0.6}, ["img2img"]),
        ("swarmui", {"initimagecreativity": 1}, []),
        ("swarmui", {"refinerupscale": 1.5, "refinermethod": "PostApply"}, ["hires", "refiner"]),
        ("swarmui", {"refinercontrolpercentage": 0.2}, ["refiner"]),
        ("invokeai", {"generation_mode": "sdxl_img2img", "strength": 0.6}, ["img2img"]),
        ("invokeai", {"generation_mode": "flux_inpaint"}, ["inpaint"]),
        ("invokeai", {"generation_mode": "outpaint"}, ["inpaint"]),
        ("invokeai", {"generation_mode": "sdxl_txt2img", "strength": 0.6}, []),
        ("drawthings", {"strength": 0.4}, ["img2img"]),
        ("drawthings", {"strength": 1}, []),
        ("comfyui", {"denoise": 0.5}, ["img2img"]),
        ("comfyui", {"denoise": 1.0}, []),
        ("comfyui", {"denoise": 0.5, "passes": [{"kind": "inpaint", "denoise": 0.5}]}, ["inpaint"]),
        ("comfyui", {"passes": [{"kind": "hires"}, {"kind": "detailer"}]}, ["hires", "detailer"]),
        ("easydiffusion", {"prompt_strength": 0.8, "init_image": "sea.png"}, ["img2img"]),
        ("a1111", {"Dynamic thresholding enabled": "True", "Mimic scale": "7"}, ["dynamic thresholding"]),
        ("a1111", {"FreeU Stages": "..."}, ["guidance change"]),
        ("huggingface", {"use_upscaler": {"upscale_by": 1.5, "upscaler_strength": 0.55}}, ["hires"]),
        ("huggingface", {"use_upscaler": None}, []),
        ("easydiffusion", {"use_face_correction": "GFPGANv1.4", "use_upscale": "RealESRGAN"}, FACES_AND_UPSCALE),
        ("easydiffusion", {"Use ControlNet Model": "None", "Use Hypernetwork model": "None"}, []),
        ("imaginairy", {"fix_faces": True, "upscale": True}, FACES_AND_UPSCALE),
        ("imaginairy", {"fix_faces": False, "upscale": False}, []),
        ("mochi", {"Upscaler": "RealESRGAN"}, ["upscale"]),
    ],
)
def test_fields_tell_passes(tool: str, fields: dict[str, Json], expected: list[Json]) -> None:
    assert kinds(tool, **fields) == expected


@pytest.mark.parametrize("size", [(64, 48), (71, 55), (57, 41)])
def test_a_picture_fits_its_noise_within_one_cell_of_the_latent(size: tuple[int, int]) -> None:
    assert cautions(picture=size) == ()


@pytest.mark.parametrize("size", [(128, 96), (72, 48), (64, 40)])
def test_a_picture_of_another_size_is_told(size: tuple[int, int]) -> None:
    assert cautions(picture=size) == (
        f"the noise is that of 64 x 48, as the file says, and the picture has {size[0]} x {size[1]}: "
        "something that the file does not name resized or cropped it",
    )


@pytest.mark.parametrize(
    "field", ["refinerupscale", "Hires upscale", "Postprocess upscale by", "ADetailer model", "SD upscale upscaler"]
)
def test_a_pass_explains_another_size(field: str) -> None:
    said = cautions(picture=(128, 96), extra=((field, "2"),))
    assert len(said) == 1
    assert "something" not in said[0]


def test_a_size_that_is_only_assumed_fits() -> None:
    assert cautions(picture=(200, 104), width=0) == ()


def test_each_share_is_said_once_and_in_short() -> None:
    passes: Json = [
        {"kind": "img2img", "denoise": 0.3000000001},
        {"kind": "inpaint"},
        {"kind": "outpaint", "denoise": 0.9},
    ]
    assert cautions(extra=(("passes", passes),)) == (
        "img2img: this noise was added to another picture at denoise 0.3, and that picture is not in the file",
        "inpainting: this noise was added to a part of another picture, "
        "and neither that picture nor the mask is in the file",
        "inpainting: this noise was added to a part of another picture at denoise 0.9, "
        "and neither that picture nor the mask is in the file",
    )


def test_a_picture_that_was_replaced_wholly_is_not_missed() -> None:
    whole = "img2img: this noise replaced another picture at denoise 1, so next to nothing of that picture is left"
    assert cautions(extra=(("passes", [{"kind": "img2img", "denoise": 1}]),)) == (whole,)
    (partly,) = cautions(extra=(("passes", [{"kind": "img2img", "denoise": 1, "start_at_step": 4}]),))
    assert "that picture is not in the file" in partly


def test_regions_with_prompts_of_their_own_are_named() -> None:
    assert cautions(extra=(("passes", [{"kind": "regions", "node": "RegionalSampler"}]),)) == (
        "regions: parts of the picture have prompts or settings of their own (node RegionalSampler)",
    )


def test_what_a_stranger_wrote_is_cut_and_cleaned() -> None:
    passes: Json = [{"kind": "\x1b[31m" + "k" * 5000, "a\nb": "c" * 5000}, {}]
    first, second = cautions(extra=(("passes", passes),))
    assert len(first) == 600
    assert first.startswith("[31mkkk")
    assert second == "a further pass: this took part in the picture too, and is not in the noise"


def test_there_are_not_too_many_sentences() -> None:
    passes: Json = [{"kind": f"pass {number}"} for number in range(60)]
    assert len(cautions(extra=(("passes", passes),))) == MAX_CAUTIONS


@pytest.mark.parametrize(
    ("prompt", "unet_first", "expected"),
    [
        ("a <lora:ink:0.8>", False, []),
        ("a <lora:ink:0.8:0.8>", False, []),
        ("a <lora:ink:0.8:0.4>", False, [("<lora:ink:0.8:0.4>", "0.4")]),
        ("a <lora:ink:0.8:0.4>", True, [("<lora:ink:0.8:0.4>", "0.8")]),
        ("a <lora:ink:0.8:lbw=MID>", False, [("<lora:ink:0.8:lbw=MID>", "0.8")]),
        ("a <lora:ink:te=0.5:unet=1>", False, [("<lora:ink:te=0.5:unet=1>", "1")]),
        ("a <lora:ink:lbw=MID:x>", False, [("<lora:ink:lbw=MID:x>", "its name")]),
        ("a <lora:ink>", False, []),
    ],
)
def test_tags_with_several_weights(prompt: str, unet_first: bool, expected: list[tuple[str, str]]) -> None:
    assert list(split_weights(prompt, unet_first=unet_first)) == expected


values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kind", "denoise", "node"]), inner),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "Denoising strength",
        "passes",
        "ENSD",
        "Operations",
        "Mask blur",
        "Hires upscale",
        "init_image",
        "strength",
        "Pipeline",
    ]
)


@given(st.sampled_from(["a1111", "comfyui", "sdnext", "drawthings"]), st.text(), st.dictionaries(names, values))
def test_fields_of_any_form_give_sentences_or_one_reason(tool: str, prompt: str, extra: dict[str, Json]) -> None:
    try:
        said = cautions(tool=tool, prompt=prompt, extra=tuple(extra.items()), randomness="cpu")
    except InvalidValueError as error:
        said = (str(error),)
    assert all(sentence and "\n" not in sentence and "\x1b" not in sentence for sentence in said)
