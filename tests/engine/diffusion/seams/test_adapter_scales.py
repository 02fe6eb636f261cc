"""Canary: the scales of an adapter's layers can be set, and last."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from safetensors.torch import load_file

from engine.diffusion.seams.adapter_scales import layers_beside, set_alphas
from tests.support.engine.canary import broken
from tests.support.engine.overlays import RANK, peft_lora
from tests.support.engine.tiny import build_tiny

SET = broken("adapter_scales", "`set_adapters` computes scales from `lora_alpha`, `r` and `use_rslora`", library="peft")


@pytest.mark.parametrize("is_by_root", [False, True])
def test_alphas_that_were_set_scale_the_layers(tmp_path: Path, is_by_root: bool) -> None:
    pipe = build_tiny()
    pipe.load_lora_weights(load_file(peft_lora(tmp_path)), adapter_name="ink")
    assert all(layer.scaling["ink"] == 1.0 for _, _, layer in layers_beside(pipe, "ink"))
    roots = frozenset({"unet"}) if is_by_root else frozenset[str]()
    set_alphas(pipe, "ink", lambda _, path: 3.0 if path.endswith("to_q") else None, roots)
    pipe.set_adapters(["ink"], [0.5])
    found = {path.endswith("to_q"): layer.scaling["ink"] for _, path, layer in layers_beside(pipe, "ink")}
    divisor = math.sqrt(RANK) if is_by_root else RANK
    assert found == {True: 0.5 * 3.0 / divisor, False: 0.5 * RANK / divisor}, SET
