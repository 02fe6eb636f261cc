"""LoRA files from strangers: nothing in them chooses what runs, and sizes are checked before anything is computed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.diffusion.adapter_changes import weight_change
from engine.models.resolve import resolve_model
from engine.rendering.requests import ModelChoice
from tests.support.engine.loading import load, picture_of, problem_of, record_by, with_loras

ENDLESS = r"(.*)*(.*)*(.*)*(.*)*X$"
HOSTILE = {
    "exclude_modules": ENDLESS,
    "target_modules": ENDLESS,
    "rank_pattern": {ENDLESS: 4},
    "init_lora_weights": "pissa_niter_1000000000",
    "layers_to_transform": list(range(100_000)),
    "layers_pattern": ENDLESS,
    "auto_mapping": {"base_model_class": "System", "parent_library": "os"},
    "megatron_config": {"a": 1},
    "megatron_core": "antigravity",
    "eva_config": {"rho": 1e9},
    "corda_config": {"cache_file": "/etc/passwd"},
    "loftq_config": {"loftq_bits": 4, "loftq_iter": 10**9},
    "modules_to_save": ["conv_in"],
    "layer_replication": [[0, 10**9]],
    "target_parameters": [ENDLESS],
    "trainable_token_indices": list(range(10_000)),
    "runtime_config": {"ephemeral_gpu_offload": True},
    "peft_type": "XLORA",
    "r": 10**9,
}


def in_header(lora: Path, target: Path, configuration: Any) -> Path:
    """Write a LoRA again, with a configuration of peft in its header."""
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    save_file(load_file(lora), target, metadata={"format": "pt", "lora_adapter_metadata": text})
    return target


@pytest.mark.slow
def test_no_configuration_in_a_header_chooses_what_runs(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    """All of it at once, which without the check hangs for ever at its first regular expression."""
    hostile = {f"{part}.{key}": value for key, value in HOSTILE.items() for part in ("unet", "text_encoder")}
    file = in_header(lora, tmp_path / "ink.safetensors", hostile)
    np.testing.assert_array_equal(
        picture_of(load(with_loras(tiny, (file, 1.0)))), picture_of(load(with_loras(tiny, (lora, 1.0))))
    )


@pytest.mark.slow
def test_the_alphas_in_a_header_scale_the_layers(tiny: ModelChoice, lora: Path, tmp_path: Path) -> None:
    """Twice the rank as alpha is twice the weight, and an alpha of a layer takes the place of it."""
    twice = in_header(lora, tmp_path / "twice.safetensors", {"unet.r": 2, "unet.lora_alpha": 4})
    np.testing.assert_array_equal(
        picture_of(load(with_loras(tiny, (twice, 0.5)))), picture_of(load(with_loras(tiny, (lora, 1.0))))
    )
    silent = {"unet.lora_alpha": 4, "unet.alpha_pattern": {"^conv_in": 1, "to_q": 0, "to_v": 0.0}}
    off = in_header(lora, tmp_path / "off.safetensors", silent)
    np.testing.assert_array_equal(picture_of(load(with_loras(tiny, (off, 1.0)))), picture_of(load(tiny)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        ("{" * 100, "lora_adapter_metadata in its header is no JSON object of at most 2,097,152 characters"),
        ("[" * 100_000, "lora_adapter_metadata in its header is no JSON object of at most 2,097,152 characters"),
        ({"unet.lora_alpha": "4"}, "'unet.lora_alpha' in its header is '4', where a number up to 1,000,000 is needed"),
        (
            {"unet.lora_alpha": 1e38},
            "'unet.lora_alpha' in its header is 1e+38, where a number up to 1,000,000 is needed",
        ),
        (
            '{"unet.lora_alpha": NaN}',
            "'unet.lora_alpha' in its header is nan, where a number up to 1,000,000 is needed",
        ),
        ({"unet.alpha_pattern": {ENDLESS: 1}}, f"{ENDLESS!r} in its header is no name of a layer"),
        ({"unet.alpha_pattern": [1]}, "unet.alpha_pattern in its header is no table of numbers"),
    ],
)
def test_a_damaged_header_is_refused(
    tiny: ModelChoice, lora: Path, tmp_path: Path, configuration: Any, why: str
) -> None:
    file = in_header(lora, tmp_path / "ink.safetensors", configuration)
    assert problem_of(with_loras(tiny, (file, 1.0))) == (
        f"ink.safetensors cannot be used as a LoRA: {why}; download it again or leave it out"
    )


LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({f"{LAYER}.lora_up.weight": torch.zeros(16, 2000)}, r".* have the shapes \(2, 16\) and \(16, 2000\)"),
        ({f"{LAYER}.lora_up.weight": torch.zeros(0, 1 << 40)}, r".*lora_up\.weight has the shape \(0, 1099511627776\)"),
        ({f"{LAYER}.lora_up.weight": None}, r".*lora_down\.weight is there without .*lora_up\.weight"),
        ({"(a+)+$.lora_up.weight": torch.zeros(2, 2)}, r"'\(a\+\)\+\$\.lora_up\.weight' is no name of a layer"),
        ({"a" * 301: torch.zeros(2, 2)}, r"'a{78}… is no name of a layer"),
        ({f"{LAYER}.alpha": torch.zeros(100)}, r".*\.alpha has 100 values, where 1 is needed"),
        ({"lora_controlnet": torch.zeros(1)}, "'lora_controlnet' is no name of a layer"),
        (
            {f"lora_unet_{number}.alpha": torch.tensor(1.0) for number in range(40_000)},
            "it has 40,00. tensors, where at most 32,768 are read",
        ),
    ],
)
def test_names_and_shapes_are_checked_before_values_are_read(
    tiny: ModelChoice, tmp_path: Path, changes: dict[str, torch.Tensor | None], why: str
) -> None:
    good = {f"{LAYER}.lora_down.weight": torch.zeros(2, 16), f"{LAYER}.lora_up.weight": torch.zeros(16, 2)}
    tensors = {name: tensor for name, tensor in (good | changes).items() if tensor is not None}
    save_file(tensors, tmp_path / "ink.safetensors")
    found = problem_of(with_loras(tiny, (tmp_path / "ink.safetensors", 1.0)))
    assert re.fullmatch(rf"ink\.safetensors cannot be used as a LoRA: {why}; download it again or leave it out", found)


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [float("nan"), float("inf"), 1e38])
def test_an_alpha_that_is_no_number_is_refused(tiny: ModelChoice, tmp_path: Path, alpha: float) -> None:
    tensors = {f"{LAYER}.lora_down.weight": torch.ones(2, 16), f"{LAYER}.lora_up.weight": torch.ones(16, 2)}
    save_file({**tensors, f"{LAYER}.alpha": torch.tensor(alpha)}, tmp_path / "ink.safetensors")
    assert problem_of(with_loras(tiny, (tmp_path / "ink.safetensors", 1.0))) == (
        f"the LoRA 'ink' cannot be used: in {LAYER}.alpha, its alpha is {alpha:g}, "
        "where a number up to 1,000,000 is needed"
    )
    save_file({name: tensor.int() for name, tensor in tensors.items()}, tmp_path / "whole.safetensors")
    assert problem_of(with_loras(tiny, (tmp_path / "whole.safetensors", 1.0))) == (
        f"the LoRA 'whole' does not fit 'tiny': {LAYER}.lora_down.weight holds values of the kind torch.int32"
    )


@pytest.mark.slow
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["beside the weights", "added to them"])
def test_values_that_are_no_numbers_are_refused(tiny: ModelChoice, tmp_path: Path, kind: str, value: float) -> None:
    if kind == "beside the weights":
        tensors = {f"{LAYER}.lora_down.weight": torch.ones(2, 16), f"{LAYER}.lora_up.weight": torch.ones(16, 2)}
        name = f"{LAYER}.lora_up.weight"
    else:
        tensors, name = {f"{LAYER}.diff": torch.ones(16, 16)}, f"{LAYER}.diff"
    tensors[name][3, 1] = value
    save_file(tensors, tmp_path / "ink.safetensors")
    assert problem_of(with_loras(tiny, (tmp_path / "ink.safetensors", 1.0))) == (
        f"the LoRA 'ink' cannot be used: {name} holds NaN or infinity, so that every picture would be black; "
        "download it again or leave it out"
    )


@pytest.mark.slow
@pytest.mark.parametrize("component", ["text_encoder", "unet", "vae"])
def test_a_model_whose_weights_are_no_numbers_says_so_in_its_pictures(
    tiny: ModelChoice, tmp_path: Path, component: str
) -> None:
    shutil.copytree(tiny.path, tmp_path / "tiny")
    (file,) = (tmp_path / "tiny" / component).glob("*.safetensors")
    tensors = load_file(file)
    for tensor in tensors.values():
        tensor.fill_(float("nan"))
    save_file(tensors, file, metadata={"format": "pt"})
    warnings = record_by(load(resolve_model(str(tmp_path / "tiny")))).settings["warnings"]
    assert warnings == [
        "the output contained NaN or infinity, so parts of the picture are black: try another scheduler or dtype"
    ]


def _thin(side: int) -> torch.Tensor:
    return torch.ones(1).expand(side, 1)


ONE, COLUMN, ROW = torch.ones(1, 1), _thin(1 << 30), _thin(1 << 30).T
UP, DOWN = torch.ones(4, 1), torch.ones(1, 4)


@pytest.mark.parametrize(
    "parts",
    [
        {"lora_up.weight": COLUMN, "lora_down.weight": ROW},
        {"lora_up.weight": UP, "lora_down.weight": DOWN, "lora_mid.weight": _thin(1 << 40)},
        {"hada_w1_a": COLUMN, "hada_w1_b": ROW, "hada_w2_a": COLUMN, "hada_w2_b": ROW},
        {"lokr_w1": COLUMN, "lokr_w2": ROW},
        {"lokr_w1_a": COLUMN, "lokr_w1_b": ROW, "lokr_w2": ONE},
        {"lora_up.weight": torch.ones(4, 5000), "lora_down.weight": torch.ones(5000, 4)},
        {"lora_up.weight": UP, "lora_down.weight": DOWN, "alpha": torch.tensor(float("nan"))},
        {"lora_up.weight": UP.int(), "lora_down.weight": DOWN},
    ],
)
def test_no_product_is_computed_that_is_larger_than_its_layer(parts: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"^(its|it has|lora_up\.weight holds) "):
        weight_change(parts, (4, 4))


def test_a_row_times_a_column_does_not_broadcast() -> None:
    parts = {"hada_w1_a": _thin(1 << 20), "hada_w1_b": ONE, "hada_w2_a": ONE, "hada_w2_b": _thin(1 << 20).T}
    with pytest.raises(ValueError, match=r"^its parts do not belong together$"):
        weight_change(parts, (1 << 10, 1 << 10))
