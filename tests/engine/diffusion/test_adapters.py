"""LoHa, LoKr and differences that are added to the weights: each is the product of its parts, in the right layer."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.diffusion.adapter_changes import weight_change
from engine.diffusion.adapter_layers import LayerIndex
from engine.diffusion.load import LoadedModel, replace_loras
from engine.diffusion.main import Worker
from engine.errors import ModelError
from engine.rendering.requests import LoraChoice, ModelChoice
from engine.worker.wire import Wire
from tests.support.engine.adapters import (
    ATTENTION,
    FOR_ANY_LAYER,
    FOR_CONVOLUTIONS,
    Made,
    kohya,
    loha,
    lokr,
    named,
    write,
)
from tests.support.engine.loading import (
    load,
    picture_of,
    problem_of,
    record_by,
    request_for,
    saved_family,
    with_loras,
)

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


RESNET = "down_blocks.0.resnets.0"


def weight_of(loaded: LoadedModel, path: str, network: str = "unet") -> NDArray[np.float32]:
    weight: NDArray[np.float32] = getattr(loaded.pipe, network).get_submodule(path).weight.detach().float().numpy()
    return weight


def change_of(parts: dict[str, torch.Tensor], shape: tuple[int, ...]) -> NDArray[np.float32]:
    change = weight_change(parts, shape)
    assert change is not None
    return np.asarray(change)


@pytest.mark.parametrize("kind", FOR_ANY_LAYER)
def test_every_kind_of_change_is_the_product_of_its_parts(kind: str) -> None:
    for shape in ((8, 6), (8, 6, 1, 1), (8, 6, 3, 3)):
        parts, change = FOR_ANY_LAYER[kind](shape)
        np.testing.assert_allclose(change_of(parts, shape), change, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", FOR_CONVOLUTIONS)
def test_every_kind_of_change_of_a_convolution_is_the_product_of_its_parts(kind: str) -> None:
    parts, change = FOR_CONVOLUTIONS[kind]((8, 6, 3, 3))
    np.testing.assert_allclose(change_of(parts, (8, 6, 3, 3)), change, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", [*FOR_ANY_LAYER, *FOR_CONVOLUTIONS])
@pytest.mark.parametrize("model", ["tiny", "sdxl"])
def test_an_adapter_is_added_to_the_weights(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, model: str
) -> None:
    """To linear layers and convolutions; a model that is stored with these weights gives the same bits."""
    choice: ModelChoice = request.getfixturevalue(model)
    bare = load(choice)
    make: Callable[[tuple[int, ...]], Made] = {**FOR_ANY_LAYER, **FOR_CONVOLUTIONS}[kind]
    paths: tuple[str, ...] = (f"{RESNET}.conv1", f"{RESNET}.conv2", "down_blocks.0.downsamplers.0.conv")
    if kind in FOR_ANY_LAYER:
        paths += (f"{ATTENTION}.attn1.to_q", f"{ATTENTION}.attn2.to_k", f"{ATTENTION}.ff.net.2")
    made = {path: make(weight_of(bare, path).shape) for path in paths}
    file = write(tmp_path / "ink.safetensors", *(named(kohya(path), parts) for path, (parts, _) in made.items()))
    changed = load(with_loras(choice, (file, 0.75)))
    for path, (_, change) in made.items():
        np.testing.assert_allclose(weight_of(changed, path), weight_of(bare, path) + 0.75 * change, atol=1e-5)
    pixels = picture_of(changed)
    assert (pixels != picture_of(bare)).any()
    changed.pipe.save_pretrained(tmp_path / "merged")
    np.testing.assert_array_equal(picture_of(load(ModelChoice(path=str(tmp_path / "merged"), name="merged"))), pixels)
    np.testing.assert_array_equal(picture_of(load(with_loras(choice, (file, 0.0)))), picture_of(bare))


def test_a_lokr_changes_text_encoders_too(sdxl: ModelChoice, tmp_path: Path) -> None:
    bare = load(sdxl)
    layers, changes = [], []
    for prefix, network in (("te1", "text_encoder"), ("te2", "text_encoder_2")):
        encoder = getattr(bare.pipe, network)
        path = next(path for path, _ in encoder.named_modules() if path.endswith("layers.0.self_attn.q_proj"))
        parts, change = lokr(tuple(encoder.get_submodule(path).weight.shape))
        layers.append(named(kohya(f"text_model.{path.removeprefix('text_model.')}", prefix), parts))
        changes.append((network, path, change))
    changed = load(with_loras(sdxl, (write(tmp_path / "a.safetensors", *layers), 1.0)))
    for network, path, change in changes:
        np.testing.assert_allclose(
            weight_of(changed, path, network), weight_of(bare, path, network) + change, rtol=1e-5, atol=1e-6
        )


def test_the_original_names_of_blocks_mean_the_same_layers(tiny: ModelChoice) -> None:
    index = LayerIndex(load(tiny).pipe)
    for original, path in (
        ("input_blocks_0_0", "conv_in"),
        ("input_blocks_1_0_in_layers_2", "down_blocks.0.resnets.0.conv1"),
        ("input_blocks_1_0_emb_layers_1", "down_blocks.0.resnets.0.time_emb_proj"),
        ("input_blocks_2_0_op", "down_blocks.0.downsamplers.0.conv"),
        ("input_blocks_3_0_skip_connection", "down_blocks.1.resnets.0.conv_shortcut"),
        ("input_blocks_3_1_transformer_blocks_0_attn2_to_k", f"{ATTENTION}.attn2.to_k"),
        ("middle_block_1_proj_in", "mid_block.attentions.0.proj_in"),
        ("middle_block_2_out_layers_3", "mid_block.resnets.1.conv2"),
        ("output_blocks_0_1_proj_out", "up_blocks.0.attentions.0.proj_out"),
        ("output_blocks_1_2_conv", "up_blocks.0.upsamplers.0.conv"),
        ("output_blocks_3_0_in_layers_2", "up_blocks.1.resnets.1.conv1"),
        ("time_embed_2", "time_embedding.linear_2"),
        ("out_2", "conv_out"),
    ):
        layer = index.find(f"lora_unet_{original}")
        assert layer is not None, original
        assert (layer.component, layer.paths) == ("unet", (path,))
        for prefix in ("lora_unet_", "unet.", "diffusion_model.", "lycoris_"):
            again = index.find(f"{prefix}{path if prefix.endswith('.') else path.replace('.', '_')}")
            assert again is not None
            assert again.paths == (path,)


@pytest.mark.parametrize(
    ("name", "original", "block"),
    [
        ("Flux.1", "lora_unet_double_blocks_0_img_attn_qkv", "transformer_blocks.0.attn"),
        ("SD 3", "lora_unet_joint_blocks_0_x_block_attn_qkv", "transformer_blocks.0.attn"),
        ("Z-Image", "diffusion_model.layers.0.attention.qkv", "layers.0.attention"),
    ],
)
def test_a_change_of_several_layers_in_one_is_split(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, name: str, original: str, block: str
) -> None:
    """The original code has query, key and value in one layer."""
    choice = saved_family(name, tmp_path_factory)
    bare = load(choice)
    paths = [f"{block}.{each}" for each in ("to_q", "to_k", "to_v")]
    weights = [weight_of(bare, path, "transformer") for path in paths]
    parts, change = loha((sum(len(weight) for weight in weights), weights[0].shape[1]))
    file = write(tmp_path / "ink.safetensors", named(original, parts))
    changed = load(with_loras(choice, (file, 1.0)))
    rows = np.split(change, np.cumsum([len(weight) for weight in weights])[:-1])
    for path, weight, part in zip(paths, weights, rows, strict=True):
        np.testing.assert_allclose(weight_of(changed, path, "transformer"), weight + part, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["Z-Image", "Qwen-Image", "SD 3"])
def test_a_lokr_with_the_names_of_diffusers_fits_every_family(
    name: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    choice = saved_family(name, tmp_path_factory)
    bare = load(choice)
    path = next(
        path
        for path, module in bare.pipe.transformer.named_modules()
        if path.endswith("0.attention.to_q") or path.endswith("0.attn.to_q")
    )
    parts, change = lokr(weight_of(bare, path, "transformer").shape)
    file = write(tmp_path / "ink.safetensors", named(f"diffusion_model.{path}", parts))
    changed = load(with_loras(choice, (file, 1.0)))
    wanted = weight_of(bare, path, "transformer") + change
    np.testing.assert_allclose(weight_of(changed, path, "transformer"), wanted, rtol=1e-5, atol=1e-6)


def test_the_original_names_of_flux_2_mean_other_layers(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    choice = saved_family("Flux.2", tmp_path_factory)
    bare = load(choice)
    layers, changes = [], []
    for original, path in (
        ("double_blocks.0.img_attn.proj", "transformer_blocks.0.attn.to_out.0"),
        ("double_blocks.0.txt_mlp.2", "transformer_blocks.0.ff_context.linear_out"),
        ("single_blocks.0.linear1", "single_transformer_blocks.0.attn.to_qkv_mlp_proj"),
    ):
        parts, change = lokr(weight_of(bare, path, "transformer").shape)
        layers.append(named(f"diffusion_model.{original}", parts))
        changes.append((path, change))
    changed = load(with_loras(choice, (write(tmp_path / "ink.safetensors", *layers), 1.0)))
    for path, change in changes:
        wanted = weight_of(bare, path, "transformer") + change
        np.testing.assert_allclose(weight_of(changed, path, "transformer"), wanted, rtol=1e-5, atol=1e-6)


def test_an_adapter_in_the_weights_is_taken_out_by_loading_again(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    parts, _ = loha((16, 16))
    file = write(tmp_path / "ink.safetensors", named(kohya(f"{ATTENTION}.attn1.to_q"), parts))
    mixed = with_loras(tiny, (lora, 0.5), (file, 1.0))
    loaded = load(mixed)
    assert replace_loras(loaded, request_for(mixed), request_for(tiny)) is None
    here, there = socket.socketpair()
    with here, there:
        worker = Worker(Wire(here))
        first = picture_of(worker._model_for(request_for(tiny)))
        beside = picture_of(worker._model_for(request_for(with_loras(tiny, (lora, 0.5)))))
        both = picture_of(worker._model_for(request_for(mixed)))
        np.testing.assert_array_equal(both, picture_of(loaded))
        assert (both != beside).any()
        np.testing.assert_array_equal(picture_of(worker._model_for(request_for(tiny))), first)
    model = record_by(loaded).settings["model"]
    assert isinstance(model, dict)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert model["loras"][1] == {"name": "ink", "sha256": digest, "weight": 1.0}


@pytest.mark.parametrize("kind", ["loha", "lokr", "difference"])
def test_an_adapter_of_other_sizes_is_refused(tiny: ModelChoice, tmp_path: Path, kind: str) -> None:
    layer = kohya(f"{ATTENTION}.attn1.to_q")
    parts, _ = FOR_ANY_LAYER[kind]((32, 32))
    file = write(tmp_path / "ink.safetensors", named(layer, parts))
    start = "the LoRA 'ink' does not fit 'tiny': "
    assert (
        problem_of(with_loras(tiny, (file, 1.0)))
        == start
        + {
            "loha": f"the layer {layer} takes 32 values, the model's 16",
            "lokr": f"in the layer {layer}, it has 1,024 values, the model's layer 256",
            "difference": f"in the layer {layer}, it has 32 rows, the model's layer 16",
        }[kind]
    )
    parts, _ = FOR_ANY_LAYER[kind]((16, 16))
    del parts[next(part for part in parts if part != "alpha")]
    if kind != "difference":
        file = write(tmp_path / "torn.safetensors", named(layer, parts))
        assert problem_of(with_loras(tiny, (file, 1.0))) == (
            f"the LoRA 'torn' does not fit 'tiny': in the layer {layer}, its parts do not belong together"
        )


def test_an_adapter_is_not_added_to_quantised_weights(tiny: ModelChoice, tmp_path: Path) -> None:
    from engine.diffusion.merging import merge_adapter

    pipe = load(tiny).pipe
    layer = pipe.unet.get_submodule(f"{ATTENTION}.attn1.to_q")
    layer.weight = torch.nn.Parameter(torch.zeros(16, 16, dtype=torch.int8), requires_grad=False)
    parts, _ = loha((16, 16))
    file = write(tmp_path / "ink.safetensors", named(kohya(f"{ATTENTION}.attn1.to_q"), parts))
    with pytest.raises(ModelError) as caught:
        merge_adapter(LoraChoice(path=str(file), weight=1.0), LayerIndex(pipe), "tiny")
    assert str(caught.value) == (
        "the LoRA 'ink' is added to the weights of 'tiny', which is impossible while these are quantised: choose "
        "another --memory, or a file that is not quantised"
    )
