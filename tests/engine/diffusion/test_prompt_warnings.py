"""Whatever of a prompt is not in the picture is said, with the picture and in its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.diffusion.arguments import call_arguments
from engine.diffusion.load import LoadedModel, load_model, serves, with_embeddings
from engine.diffusion.prompt_styles import Style
from engine.diffusion.prompt_warnings import prompt_warnings
from engine.diffusion.prompts import PromptCache
from engine.diffusion.seams.noise import requested_noise_shape
from engine.diffusion.seams.tokenizers import LOG, Reading
from engine.errors import RenderError
from engine.models.prompt_styles import takes_weights
from engine.rendering.events import PictureRendered
from engine.rendering.requests import LoadModel, RenderJob
from engine.rendering.settings import RenderSettings
from tests.support.engine.families.catalogue import FAMILIES, build_family
from tests.support.engine.matrix import pictures_of
from tests.support.engine.prompt_encoders import inversion
from tests.support.engine.tiny import SETTINGS, TASKS, load_tiny, save_tiny

pytestmark = pytest.mark.slow

WITH_WEIGHTS = ("SD 1.x", "SD 2 v", "SDXL", "SDXL v, zero SNR", "SDXL PAG", "Playground 2.5", "LCM")
UNLIMITED, REFUSES, BY_ITSELF = {"Qwen-Image 2.1"}, {"Ideogram 4"}, {"LongCat-Image"}
"""Families that read a prompt of any length, refuse a long one, or cut the tokens themselves."""
LONG = " ".join(["lake"] * 3000) + " red dragon"
LOGGED = ("", 1, "")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


def picture(loaded: LoadedModel, settings: RenderSettings) -> PictureRendered:
    (event,) = pictures_of(loaded, RenderJob(job=1, tasks=TASKS[:1], settings=settings))
    return event


def test_warnings_are_shown_and_recorded_with_each_picture(loaded: LoadedModel) -> None:
    settings = replace(SETTINGS, prompt="a (lake:1.2) <lora:ink:0.8>", prompt_style="a1111", clip_skip=9)
    sentences = [
        "unknown LoRA 'ink' in the prompt: it was left out",
        "clip skip 9 was ignored: this model has no such layer",
    ]
    for _ in range(2):  # the second one comes out of the cache
        event = picture(loaded, settings)
        assert event.warning == "; ".join(sentences)
        assert event.record.settings["warnings"] == sentences
        assert event.record.settings["prompt"] == "a (lake:1.2) <lora:ink:0.8>"
        assert (event.record.settings["prompt_style"], event.record.settings["clip_skip"]) == ("a1111", 9)


def test_weights_change_the_picture_and_none_keeps_its_pixels(loaded: LoadedModel) -> None:
    plain = picture(loaded, replace(SETTINGS, prompt="a lake, dusk"))
    assert "prompt_style" not in plain.record.settings
    for style in ("a1111", "comfyui"):
        same = picture(loaded, replace(SETTINGS, prompt="a (lake:1), dusk", prompt_style=style))
        assert same.picture == plain.picture
        other = picture(loaded, replace(SETTINGS, prompt="a (lake:1.4), dusk", prompt_style=style))
        assert other.picture != plain.picture
        assert (same.warning, other.warning) == ("", "")


def test_a_plain_prompt_that_looks_weighted_is_noticed(loaded: LoadedModel) -> None:
    event = picture(loaded, replace(SETTINGS, prompt="a (lake:1.2)", negative_prompt="BREAK"))
    assert event.warning == (
        "'(lake:1.2)' in the prompt was read as words: the prompt style is plain; "
        "'BREAK' in the negative prompt was read as words: the prompt style is plain"
    )


def test_textual_inversions_change_without_loading_the_weights_again(loaded: LoadedModel, tmp_path: Path) -> None:
    vector = loaded.pipe.text_encoder.get_input_embeddings().weight.detach()[200].clone()
    good = inversion(tmp_path / "moonrise.safetensors", "moonrise", emb_params=vector)
    wide = inversion(tmp_path / "wide.safetensors", "wide", emb_params=torch.zeros(1, 99))
    first = LoadModel(model=loaded.choice, settings=SETTINGS, device="cpu")
    second = replace(first, model=replace(loaded.choice, embeddings=(good, wide)))
    assert serves(loaded, first, second)
    changed = with_embeddings(loaded, second)
    assert changed.pipe is loaded.pipe
    settings = replace(SETTINGS, prompt="a moonrise, wide", prompt_style="a1111")
    event = picture(changed, settings)
    model = event.record.settings["model"]
    assert isinstance(model, dict)
    assert [entry["name"] for entry in model["embeddings"]] == ["moonrise"]
    assert event.warning == (
        "the textual inversion 'wide' in the prompt was read as words: it belongs to another family: "
        "its vectors have 99 values, this model needs 16"
    )
    assert with_embeddings(changed, second) is changed
    bare = with_embeddings(changed, first)
    assert "embeddings" not in bare.identity
    assert picture(bare, settings).picture != event.picture
    again = load_model(second, lambda _: None)
    assert (again.identity, picture(again, settings).picture) == (changed.identity, event.picture)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_prompt_that_is_cut_is_noticed_in_every_family(name: str) -> None:
    family = FAMILIES[name]
    pipe = build_family(name)
    family.shrink(pipe)
    cache = PromptCache(pipe)

    def warnings_of(prompt: str) -> list[str]:
        settings = replace(family.settings, prompt=prompt, num_inference_steps=2)
        with cache.reading(settings) as warnings:
            requested_noise_shape(pipe, lambda: pipe(**call_arguments(pipe, settings, 1, [torch.Generator()])))
        return warnings

    assert takes_weights(type(pipe).__name__) is (name in WITH_WEIGHTS)
    assert warnings_of("a lake") == []
    if name in UNLIMITED:
        assert warnings_of(LONG) == []
        return
    if name in REFUSES:
        with pytest.raises(ValueError, match="exceeds max_sequence_length"):
            warnings_of(LONG)
        return
    (sentence,) = warnings_of(LONG)
    if name in BY_ITSELF:
        assert sentence == "the prompt is too long for this model: its end was cut"
        return
    start, _, end = sentence.partition(" tokens were cut, from '")
    assert start.rpartition(" ")[0] == "the prompt is too long for this model: its last"
    assert 0 < int(start.rpartition(" ")[2]) < len(LONG)
    assert "lake lake lake" in end
    assert end.endswith("; --prompt-style a1111 or comfyui reads all of it") is (name in WITH_WEIGHTS)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_every_family_with_weights_renders_prompts_of_several_lengths(name: str) -> None:
    family = FAMILIES[name]
    pipe = build_family(name)
    cache = PromptCache(pipe)
    pixels = []
    for style, prompt in (("plain", "a lake, dusk"), ("a1111", "a (lake:1), dusk"), ("a1111", "a (lake:1.4), " * 30)):
        settings = replace(family.settings, prompt=prompt, negative_prompt="dark", num_inference_steps=2)
        with cache.reading(replace(settings, prompt_style=style)), torch.random.fork_rng():
            torch.manual_seed(0)
            pixels.append(pipe(**call_arguments(pipe, settings, 2, [torch.Generator().manual_seed(0)] * 2)).images)
    assert (pixels[0] == pixels[1]).all()
    assert (pixels[0] != pixels[2]).any()


@pytest.mark.parametrize("name", ["Flux.1", "SD 3"])
def test_what_one_of_several_text_encoders_reads_is_not_lost(name: str) -> None:
    pipe = build_family(name)
    cache, settings = PromptCache(pipe), replace(FAMILIES[name].settings, prompt=" ".join(["lake"] * 100))
    with cache.reading(settings) as warnings:
        requested_noise_shape(pipe, lambda: pipe(**call_arguments(pipe, settings, 1, [torch.Generator()])))
    assert warnings == []


def test_families_without_weights_say_so() -> None:
    pipe = build_family("Flux.1")
    cache, settings = PromptCache(pipe), replace(SETTINGS, prompt="a (lake:1.2)", clip_skip=2)
    with cache.reading(settings) as warnings:
        requested_noise_shape(pipe, lambda: pipe(**call_arguments(pipe, settings, 1, [torch.Generator()])))
    assert warnings == [
        "'(lake:1.2)' in the prompt was read as words: this model takes no weights and tags in its prompt",
        "clip skip 2 was ignored: it is for Stable Diffusion 1 and 2 and SDXL",
    ]
    with pytest.raises(RenderError) as caught, cache.reading(replace(settings, prompt_style="a1111")):
        pass
    assert str(caught.value) == (
        "prompts of FluxPipeline have no style a1111, which is for Stable Diffusion 1 and 2 and SDXL: "
        "add --prompt-style plain"
    )


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (
            [("a red lake", 1, "lake")],
            ["the prompt is too long for this model: its last token was cut, from 'lake' on"],
        ),
        ([("A  RED lake", 3, "x")], ["the prompt is too long for this model: its last 3 tokens were cut, from 'x' on"]),
        (
            [("a red lake", 0, ""), ("red", 2, "x")],
            ["the negative prompt is too long for this model: its last 2 tokens were cut, from 'x' on"],
        ),
        ([("cleaned", 2, "x")], ["the prompt is too long for this model: its last 2 tokens were cut, from 'x' on"]),
        ([("a red lake", 0, ""), ("", 2, "x")], []),
        (
            [("a red lake", 0, ""), LOGGED],
            ["the prompt or the negative prompt is too long for this model: its end was cut"],
        ),
        (
            [("a red lake", 1, "lake"), LOGGED],
            ["the prompt is too long for this model: its last token was cut, from 'lake' on"],
        ),
    ],
)
def test_the_cut_prompt_is_told_from_what_was_read(readings: list[tuple[str, int, str]], expected: list[str]) -> None:
    settings = replace(SETTINGS, prompt="a red lake", negative_prompt="red")
    read = [
        Reading(tokenizer=LOG if one is LOGGED else 0, text=text, cut=cut, rest=rest)
        for one in readings
        for text, cut, rest in [one]
    ]
    assert list(prompt_warnings(object(), settings, Style(), read, takes_weights=False)) == expected
