"""The rule: the same noise, settings and slot give the same pixels, bit for bit, and nothing else matters."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.diffusion.arguments import ignored_settings
from engine.diffusion.load import LoadedModel
from engine.diffusion.noise_spec import NoiseSpec, infer_axes
from engine.diffusion.render import BatchRenderer
from engine.diffusion.seams.steps import Step
from engine.errors import InvalidRequestError, RenderCancelled, RenderError
from engine.models.schedulers import scheduler_settings
from engine.rendering.settings import RenderSettings
from latentpng.noise.gauss1 import gauss1
from tests.support.engine.schedulers import SCHEDULERS, STOCHASTIC
from tests.support.engine.tiny import SETTINGS, load_tiny, save_tiny


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def renderer(loaded: LoadedModel) -> BatchRenderer:
    return BatchRenderer(loaded)


def noise_of(*streams: int) -> NDArray[np.float16]:
    return np.stack([gauss1(5, stream, 1024).reshape(4, 16, 16).astype(np.float16) for stream in streams])


def settings_of(scheduler: str) -> RenderSettings:
    return replace(SETTINGS, scheduler=scheduler_settings(scheduler))


def pixels_of(
    renderer: BatchRenderer, noise: NDArray[np.float16], settings: RenderSettings = SETTINGS
) -> NDArray[np.uint8]:
    rendered = renderer.render(noise, settings, lambda _: None)
    assert not any(rendered.warnings)
    return rendered.pixels


def cancelled_after(renderer: BatchRenderer, steps: int, settings: RenderSettings) -> int:
    """Render, cancel after `steps` steps, and return how many were done."""
    done: list[int] = []

    def on_step(step: Step) -> None:
        done.append(step.step)
        if step.step >= steps:
            raise RenderCancelled("enough")

    with pytest.raises(RenderCancelled):
        renderer.render(noise_of(7, 8, 9), settings, on_step)
    return len(done)


def test_the_noise_of_a_pipeline_depends_on_its_size(renderer: BatchRenderer) -> None:
    assert renderer.noise_spec(SETTINGS) == NoiseSpec(shape=(4, 16, 16), axes="CHW")
    wide = replace(SETTINGS, width=64)
    assert renderer.noise_spec(wide) == NoiseSpec(shape=(4, 16, 32), axes="CHW")


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_same_noise_and_slot_give_the_same_pixels(renderer: BatchRenderer, scheduler: str) -> None:
    settings = settings_of(scheduler)
    first = pixels_of(renderer, noise_of(0, 1, 2), settings)
    other_neighbours = pixels_of(renderer, noise_of(3, 1, 4), settings)
    np.testing.assert_array_equal(first[1], other_neighbours[1])
    assert cancelled_after(renderer, 2, settings) == 2
    np.testing.assert_array_equal(first, pixels_of(renderer, noise_of(0, 1, 2), settings))
    copies = pixels_of(renderer, noise_of(1, 1, 1), settings)
    np.testing.assert_array_equal(first[1], copies[1])
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_draws_from_a_global_generator(renderer: BatchRenderer, scheduler: str) -> None:
    random_before, numpy_before, torch_before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    pixels_of(renderer, noise_of(0, 1), settings_of(scheduler))
    assert random.getstate() == random_before
    np.testing.assert_equal(np.random.get_state(), numpy_before)
    assert torch.equal(torch.get_rng_state(), torch_before)


@pytest.mark.parametrize("scheduler", STOCHASTIC)
def test_the_step_seed_decides_the_step_noise(renderer: BatchRenderer, scheduler: str) -> None:
    settings = settings_of(scheduler)
    first = pixels_of(renderer, noise_of(0, 0), settings)
    np.testing.assert_array_equal(first[0], first[1], "siblings share their step noise")
    again = pixels_of(renderer, noise_of(0, 0), replace(settings, step_seed=settings.step_seed + 1))
    assert not np.array_equal(first, again)


def test_schedulers_are_independent_of_those_before(renderer: BatchRenderer) -> None:
    before = pixels_of(renderer, noise_of(0), settings_of("DDIM"))
    pixels_of(renderer, noise_of(0), settings_of("DPM++ 2M SDE Karras"))
    np.testing.assert_array_equal(before, pixels_of(renderer, noise_of(0), settings_of("")))


def test_a_plain_call_of_diffusers_gives_the_same_pixels(loaded: LoadedModel, renderer: BatchRenderer) -> None:
    noise = noise_of(0, 1, 2)
    ours = pixels_of(renderer, noise, settings_of("DDIM"))
    loaded.pipe.scheduler = loaded.own.build(scheduler_settings("DDIM"))
    plain = loaded.pipe(
        SETTINGS.prompt,
        num_images_per_prompt=3,
        width=32,
        height=32,
        num_inference_steps=4,
        guidance_scale=3.0,
        latents=torch.from_numpy(noise).float(),
        output_type="np",
    ).images
    np.testing.assert_array_equal(ours, (plain * 255).round().astype(np.uint8))


def test_negative_prompt_and_guidance_change_the_picture(renderer: BatchRenderer) -> None:
    base = pixels_of(renderer, noise_of(0))
    assert not np.array_equal(base, pixels_of(renderer, noise_of(0), replace(SETTINGS, negative_prompt="a house")))
    assert not np.array_equal(base, pixels_of(renderer, noise_of(0), replace(SETTINGS, guidance_scale=9.0)))


def test_prompts_are_encoded_once(tmp_path: Path) -> None:
    loaded = load_tiny(save_tiny(tmp_path / "tiny"))
    renderer = BatchRenderer(loaded)
    calls = []
    loaded.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    pixels_of(renderer, noise_of(0, 1))
    encoded = len(calls)
    assert encoded == 2  # the prompt and the empty one
    first = pixels_of(renderer, noise_of(2))
    assert len(calls) == encoded
    loaded.prompt_cache.clear()
    np.testing.assert_array_equal(first, pixels_of(renderer, noise_of(2)))
    assert len(calls) == 2 * encoded


def test_wrong_noise_fails_with_one_sentence(renderer: BatchRenderer) -> None:
    noise = np.zeros((1, 4, 8, 8), dtype=np.float16)
    with pytest.raises(RenderError) as caught:
        renderer.render(noise, SETTINGS, lambda _: None)
    assert str(caught.value) == "the noise has the shape 4 x 8 x 8, but this model needs 4 x 16 x 16 at this size"
    pixels_of(renderer, noise_of(0))


def test_an_unusable_scheduler_is_refused_with_a_list_of_usable_ones(renderer: BatchRenderer) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^this model cannot use the scheduler FlowMatchLCM; it can use DDIM, DDIMParallel, "
    ):
        pixels_of(renderer, noise_of(0), settings_of("FlowMatchLCM"))
    odd = replace(SETTINGS, scheduler=replace(scheduler_settings("DDIM"), options={"solver_order": 3}))
    with pytest.raises(InvalidRequestError, match=r"^the scheduler DDIM has no option 'solver_order'$"):
        pixels_of(renderer, noise_of(0), odd)


def test_stray_randomness_is_reported_and_reproducible(loaded: LoadedModel, renderer: BatchRenderer) -> None:
    handle = loaded.pipe.unet.register_forward_hook(lambda _, __, out: (out[0] + torch.randn_like(out[0]),))
    try:
        first, again = (renderer.render(noise_of(0), SETTINGS, lambda _: None) for _ in range(2))
    finally:
        handle.remove()
    assert first.warnings == (
        ("something drew from the global random generator (torch), so this picture may not be reproducible",),
    )
    np.testing.assert_array_equal(first.pixels, again.pixels)


def test_a_picture_that_the_safety_checker_replaced_has_a_warning(
    loaded: LoadedModel, renderer: BatchRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_second(image: torch.Tensor, *_: object) -> tuple[torch.Tensor, list[bool]]:
        return image * torch.tensor([1.0, 0.0])[:, None, None, None], [False, True]

    renderer.noise_spec(SETTINGS)
    monkeypatch.setattr(loaded.pipe, "run_safety_checker", replace_second)
    rendered = renderer.render(noise_of(0, 1), SETTINGS, lambda _: None)
    assert not rendered.pixels[1].any()
    assert rendered.warnings == (
        (),
        ("the safety checker that comes with this model replaced this picture by a black one",),
    )


class Plain:
    """A pipeline that takes a prompt and no other settings."""

    scheduler = SimpleNamespace(step=lambda model_output, sample: (model_output, sample))

    def __call__(self, prompt: str, num_inference_steps: int) -> None: ...


class Flux(Plain):
    def __call__(  # type: ignore[override]
        self,
        prompt: str,
        guidance_scale: float,
        negative_prompt: str,
        width: int,
        height: int,
        true_cfg_scale: float = 1.0,
    ) -> None: ...


def test_settings_that_a_pipeline_ignores_have_warnings() -> None:
    settings = replace(SETTINGS, negative_prompt="a house", scheduler=scheduler_settings("DDIM eta 1"))
    negative = "this pipeline takes no negative prompt: it was ignored"
    eta = "this scheduler takes no eta: it was ignored"
    assert ignored_settings(Plain(), settings) == (
        negative,
        "this pipeline takes no guidance scale: it was ignored",
        "this pipeline takes no width and height: they were ignored",
        eta,
    )
    assert ignored_settings(Flux(), settings) == (negative, eta)
    assert ignored_settings(Flux(), SETTINGS) == ()


def test_an_ignored_setting_is_in_the_warnings_of_every_picture(renderer: BatchRenderer) -> None:
    euler = replace(SETTINGS, scheduler=replace(scheduler_settings("Euler"), eta=1.0))
    rendered = renderer.render(noise_of(0, 1), euler, lambda _: None)
    assert rendered.warnings == (("this scheduler takes no eta: it was ignored",),) * 2


@pytest.mark.parametrize(
    ("shape", "wider", "higher", "axes"),
    [
        ((4, 16, 16), (4, 16, 24), (4, 24, 16), "CHW"),
        ((1, 16, 32, 32), (1, 16, 32, 40), (1, 16, 40, 32), "1CHW"),
        ((1, 32, 32, 16), (1, 32, 40, 16), (1, 40, 32, 16), "1HWC"),
        ((1024, 64), (1280, 64), (1280, 64), "LC"),
        ((4, 16, 16), (4, 15, 17), (4, 17, 15), "CHW"),
        ((1, 4, 16, 16), (1, 4, 16, 16), (1, 4, 16, 16), "1CHW"),
    ],
)
def test_axes_are_inferred_from_shapes_at_other_sizes(
    shape: tuple[int, ...], wider: tuple[int, ...], higher: tuple[int, ...], axes: str
) -> None:
    assert infer_axes(shape, wider, higher) == axes
