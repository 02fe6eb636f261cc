"""Canary: the offline switch of the hub's client."""

from __future__ import annotations

import sys

import diffusers
import huggingface_hub
import pytest
import transformers
from huggingface_hub import constants

from engine.diffusion.seams.hub import set_offline
from tests.support.engine.canary import broken

COPIES = {
    "diffusers.loaders.lora_base": "guesses the name of a LoRA file, which we always give",
    "diffusers.models.attention_dispatch": "warns before it downloads a kernel, which we never choose",
    "diffusers.utils.hub_utils": "decides whether telemetry is sent, which the environment forbids",
}
"""Modules that copy the switch at import, and why that does no harm."""


@pytest.mark.parametrize("offline", [True, False])
def test_the_client_reads_its_switch_at_every_request(monkeypatch: pytest.MonkeyPatch, offline: bool) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", not offline)
    set_offline(offline)
    assert huggingface_hub.is_offline_mode() is offline, broken(
        "hub", "is_offline_mode() reads huggingface_hub.constants.HF_HUB_OFFLINE", library="huggingface-hub"
    )


def test_no_other_module_keeps_a_copy_of_the_switch() -> None:
    assert diffusers.FluxPipeline
    assert transformers.CLIPTextModel
    copies = {
        name
        for name, module in sys.modules.items()
        if name.startswith(("diffusers", "transformers", "huggingface_hub"))
        and name != "huggingface_hub.constants"
        and "HF_HUB_OFFLINE" in vars(module)
    }
    assert copies <= COPIES.keys(), broken(
        "hub", f"a copy of HF_HUB_OFFLINE is made by {', '.join(COPIES)} alone, none of which downloads a model"
    )
