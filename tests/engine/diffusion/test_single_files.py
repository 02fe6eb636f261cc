"""Single files as people have them: old merges, files that say what they predict, damaged ones; and no network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler
from PIL import Image
from safetensors.torch import save_file

from engine.diffusion.load import LoadedModel
from engine.diffusion.placement import vae_values
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.prediction import EPSILON, V_PREDICTION
from engine.models.resolve import resolve_model, resolve_vae
from engine.models.shipped import config_folder
from engine.rendering.requests import ModelChoice
from engine.rendering.settings import SchedulerSettings
from latentpng.noise.gauss1 import gauss1
from tests.support.engine.families.unets import sdxl
from tests.support.engine.no_network import without_network
from tests.support.engine.single_file import as_single_file, sdxl_file
from tests.support.engine.tiny import SETTINGS, build_tiny, load_tiny, save_tiny

pytestmark = pytest.mark.slow
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def tiny_xl(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    """A tiny SDXL, and the folder it was saved to."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = sdxl(second=32)
    folder = tmp_path_factory.mktemp("models") / "xl"
    pipe.save_pretrained(folder)
    return pipe, str(folder)


def picture(loaded: LoadedModel) -> Any:
    noise = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
    return BatchRenderer(loaded).render(noise, SETTINGS, lambda _: None).pixels


def written(path: Path, weights: Weights) -> Path:
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    return path


def only_small_files(folder: str, to: Path) -> Path:
    return shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*.safetensors"))


def problem(file: Path, config: str) -> str:
    with pytest.raises(ModelError) as caught:
        load_tiny(resolve_model(str(file), config=config))
    return str(caught.value)


def test_an_old_merge_without_text_model_renders_the_same(tiny: ModelChoice, tmp_path: Path) -> None:
    old = {name.replace(".transformer.text_model.", ".transformer."): value for name, value in weights_of().items()}
    assert not any("text_model" in name for name in old)
    file = written(tmp_path / "anime.safetensors", old)
    config = only_small_files(tiny.path, tmp_path / "config")
    np.testing.assert_array_equal(
        picture(load_tiny(resolve_model(str(file), config=str(config)))), picture(load_tiny(tiny))
    )


def test_a_configuration_may_name_a_safety_checker_without_weights(tiny: ModelChoice, tmp_path: Path) -> None:
    """As the configuration of Stable Diffusion 1.5 does when only its small files are downloaded."""
    config = only_small_files(tiny.path, tmp_path / "config")
    index = json.loads((config / "model_index.json").read_text())
    checker = {
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
        "requires_safety_checker": True,
    }
    (config / "model_index.json").write_text(json.dumps({**index, **checker}))
    file = written(tmp_path / "mix.safetensors", weights_of())
    loaded = load_tiny(resolve_model(str(file), config=str(config)))
    assert loaded.pipe.safety_checker is None
    np.testing.assert_array_equal(picture(loaded), picture(load_tiny(tiny)))


def weights_of() -> Weights:
    return as_single_file(build_tiny())


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        (
            "model.diffusion_model.out.2.bias",
            "some weights of 'unet' are missing (conv_out.bias, for example)",
        ),
        (
            "first_stage_model.decoder.norm_out.weight",
            "some weights of 'vae' are missing (decoder.conv_norm_out.weight, for example)",
        ),
        (
            "cond_stage_model.transformer.text_model.final_layer_norm.bias",
            "some weights of 'text_encoder' are missing (final_layer_norm.bias, for example)",
        ),
    ],
)
def test_a_missing_weight_is_named(tiny: ModelChoice, tmp_path: Path, lost: str, sentence: str) -> None:
    weights = weights_of()
    del weights[lost]
    file = written(tmp_path / "x.safetensors", weights)
    config = only_small_files(tiny.path, tmp_path / "config")
    assert problem(file, str(config)) == f"x.safetensors is damaged: {sentence}, download it again"


@pytest.mark.parametrize(
    ("changed", "shape", "sentence"),
    [
        ("model.diffusion_model.time_embed.0.weight", (40, 8), "time_embedding.linear_1.weight of 'unet'"),
        ("first_stage_model.encoder.conv_in.weight", (16, 3, 3, 3), "encoder.conv_in.weight of 'vae'"),
        (
            "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
            (7, 16),
            "embeddings.token_embedding.weight of 'text_encoder'",
        ),
    ],
)
def test_a_weight_of_another_shape_is_named(
    tiny: ModelChoice, tmp_path: Path, changed: str, shape: tuple[int, ...], sentence: str
) -> None:
    weights = weights_of()
    needed, weights[changed] = weights[changed].shape, torch.zeros(shape)
    numbers = [", ".join(map(str, sizes)) for sizes in (shape, needed)]
    assert problem(written(tmp_path / "x.safetensors", weights), tiny.path) == (
        f"x.safetensors does not fit its configuration: {sentence} has the shape ({numbers[0]}), where ({numbers[1]}) "
        "is needed; name a diffusers folder of a model of the same family and size with --config"
    )


def test_a_smaller_model_is_not_called_damaged(tiny: ModelChoice, tmp_path: Path) -> None:
    whole = weights_of()
    weights = {name: value for name, value in whole.items() if ".transformer_blocks." not in name}
    sentence = problem(written(tmp_path / "x.safetensors", weights), tiny.path)
    assert sentence == (
        f"x.safetensors lacks {len(whole) - len(weights)} weights of 'unet' "
        "(down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_k.weight, for example): it is smaller than its "
        "configuration describes, or damaged; name a folder of the same size with --config"
    )


def test_a_file_that_predicts_v_gets_a_schedule_that_ends_in_noise(tiny_xl: tuple[Any, str], tmp_path: Path) -> None:
    pipe, folder = tiny_xl
    shipped = config_folder("SDXL") / "scheduler" / "scheduler_config.json"
    config = shutil.copytree(folder, tmp_path / "config")
    shutil.copy(shipped, config / "scheduler")
    index = json.loads((config / "model_index.json").read_text())
    (config / "model_index.json").write_text(
        json.dumps({**index, "scheduler": ["diffusers", "EulerDiscreteScheduler"]})
    )
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    marked = written(tmp_path / "noob.safetensors", sdxl_file(pipe) | marks)
    plain = written(tmp_path / "plain.safetensors", sdxl_file(pipe))
    loaded = load_tiny(resolve_model(str(marked), config=str(config)))
    expected = EulerDiscreteScheduler.from_pretrained(
        config / "scheduler",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )
    assert dict(loaded.pipe.scheduler.config) == dict(expected.config)
    assert picture(loaded).std() > 0
    other = loaded.own.build(SchedulerSettings(name="DPMSolverMultistepScheduler"))
    assert isinstance(other, DPMSolverMultistepScheduler)
    assert other.config["prediction_type"] == "v_prediction", "every scheduler that takes its place predicts v"
    said = load_tiny(resolve_model(str(plain), config=str(config), prediction=V_PREDICTION))
    assert said.pipe.scheduler.config["prediction_type"] == "v_prediction"
    assert said.pipe.scheduler.config["timestep_spacing"] == "leading"
    assert said.identity["prediction"] == "v_prediction"
    noise = load_tiny(resolve_model(str(marked), config=str(config), prediction=EPSILON))
    assert noise.pipe.scheduler.config["prediction_type"] == "epsilon"
    assert noise.pipe.scheduler.config["timestep_spacing"] == "leading"


def test_what_is_guessed_of_stable_diffusion_2_is_what_the_scheduler_does(tiny: ModelChoice, tmp_path: Path) -> None:
    config = only_small_files(tiny.path, tmp_path / "warmer" / "configs" / config_folder("Stable Diffusion 2").name)
    for name, kind in (("512-base", "epsilon"), ("illuminati", "v_prediction")):
        file = written(tmp_path / f"{name}.safetensors", weights_of())
        loaded = load_tiny(resolve_model(str(file), config=str(config)))
        assert loaded.pipe.scheduler.config["prediction_type"] == kind
        assert loaded.own.config["prediction_type"] == kind
        assert loaded.identity["prediction"] == kind


def test_a_file_of_playground_gets_its_schedule_and_the_scale_of_its_latents(
    tiny_xl: tuple[Any, str], tmp_path: Path
) -> None:
    pipe, folder = tiny_xl
    marks = {"edm_mean": torch.tensor([1.0, 2, 3, 4]).reshape(1, 4, 1, 1), "edm_std": torch.full((1, 4, 1, 1), 5.0)}
    file = written(tmp_path / "playground.safetensors", sdxl_file(pipe) | marks)
    loaded = load_tiny(resolve_model(str(file), config=folder))
    scheduler, vae = loaded.pipe.scheduler, loaded.pipe.vae.config
    assert type(scheduler).__name__ == "EDMDPMSolverMultistepScheduler"
    assert (scheduler.config.sigma_min, scheduler.config.sigma_max, scheduler.config.sigma_data) == (0.002, 80.0, 0.5)
    assert (vae.latents_mean, vae.latents_std, vae.scaling_factor) == ([1.0, 2.0, 3.0, 4.0], [5.0] * 4, 0.5)
    assert picture(loaded).std() > 0
    cosxl = written(tmp_path / "cosxl.safetensors", sdxl_file(pipe) | {"edm_vpred.sigma_max": torch.tensor(120.0)})
    scheduler = load_tiny(resolve_model(str(cosxl), config=folder)).pipe.scheduler
    assert type(scheduler).__name__ == "EDMEulerScheduler"
    assert (scheduler.config.sigma_max, scheduler.config.prediction_type) == (120.0, "v_prediction")
    scheduler = load_tiny(resolve_model(str(cosxl), config=folder, prediction=EPSILON)).pipe.scheduler
    assert (scheduler.config.sigma_max, scheduler.config.prediction_type) == (120.0, "epsilon")


def test_a_folder_predicts_what_the_user_says_unless_it_follows_a_flow(tiny: ModelChoice) -> None:
    loaded = load_tiny(replace(tiny, prediction=V_PREDICTION))
    assert loaded.pipe.scheduler.config["prediction_type"] == "v_prediction"
    assert (picture(loaded) != picture(load_tiny(tiny))).any()


def test_the_vae_of_a_checkpoint_replaces_another(tiny: ModelChoice, tmp_path: Path) -> None:
    other = build_tiny()
    with torch.no_grad():
        other.vae.decoder.conv_out.bias.add_(0.5)
    whole = written(tmp_path / "whole.safetensors", as_single_file(other))
    other.vae.save_pretrained(tmp_path / "vae")
    choices = [replace(tiny, vae=resolve_vae(str(place))) for place in (whole, tmp_path / "vae")]
    one, two = (picture(load_tiny(choice)) for choice in choices)
    np.testing.assert_array_equal(one, two)
    assert (one != picture(load_tiny(tiny))).any()
    counted = {vae_values(Path(choice.vae)) for choice in choices}
    assert counted == {sum(value.numel() for value in other.vae.state_dict().values())}, "not the whole checkpoint"


def test_a_vae_that_scales_latents_otherwise_is_refused(tiny: ModelChoice, tmp_path: Path) -> None:
    pipe = build_tiny()
    pipe.vae.register_to_config(scaling_factor=0.13025)
    pipe.vae.save_pretrained(tmp_path / "xl-vae")
    with pytest.raises(ModelError) as caught:
        load_tiny(replace(tiny, vae=str(tmp_path / "xl-vae")))
    assert str(caught.value) == (
        "the VAE 'xl-vae' belongs to another family: it scales latents by 0.13025, the model needs 0.18215"
    )


def ship(folder: Path, family: str, environment: dict[str, str]) -> None:
    """Let a folder's small files stand where a family's configuration is written to, so that a tiny model fits it."""
    place = Path(environment["XDG_CACHE_HOME"]) / "warmer" / "configs" / config_folder(family).name
    only_small_files(str(folder), place)
    files = [path for path in place.rglob("*") if path.is_file()]
    (place / ".files.json").write_text(
        json.dumps({str(path.relative_to(place)): path.stat().st_size for path in files})
    )


@pytest.mark.torch
@pytest.mark.parametrize("family", ["Stable Diffusion 1", "SDXL"])
def test_one_file_is_enough_and_nothing_reaches_for_the_network(
    tiny: ModelChoice, tiny_xl: tuple[Any, str], tmp_path: Path, family: str
) -> None:
    pipe, folder = (build_tiny(), tiny.path) if family == "Stable Diffusion 1" else tiny_xl
    as_file: Callable[[Any], Weights] = as_single_file if family == "Stable Diffusion 1" else sdxl_file
    file = written(tmp_path / "mix.safetensors", as_file(pipe))
    environment = without_network(tmp_path / "home")
    ship(Path(folder), family, environment)
    options = ["--prompt", "a lake", "--seed", "1", "--steps", "1", "--size", "32x32", "--device", "cpu", "--quiet"]
    for model, out in ((str(file), "a.png"), (folder, "b.png")):
        done = subprocess.run(
            [sys.executable, "-m", "tui", "new", "--model", model, *options, "--out", out],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    with Image.open(tmp_path / "a.png") as one, Image.open(tmp_path / "b.png") as other:
        assert one.size == (32, 32)
        assert one.tobytes() == other.tobytes(), "the same pixels as through the folder of the same weights"
    tried = "import socket; socket.create_connection(('127.0.0.1', 9))"
    refused = subprocess.run(
        [sys.executable, "-c", tried], env=environment, capture_output=True, text=True, check=False
    )
    assert refused.stderr.endswith("AssertionError: reached for the network: (('127.0.0.1', 9),)\n"), (
        "it is refused here"
    )
