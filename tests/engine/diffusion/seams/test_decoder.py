"""Canary: the decoder of a VAE, which is called once for each picture."""

from __future__ import annotations

import pytest
import torch

from tests.support.engine.canary import broken
from tests.support.engine.families import flux, pixart, qwen
from tests.support.engine.tiny import build_tiny

VAES = {
    "AutoencoderKL": build_tiny,
    "AutoencoderKLFlux2": flux.flux2,
    "AutoencoderKLQwenImage": qwen.qwen_image,
    "AutoencoderDC": pixart.sana,
}
SHAPES = {"AutoencoderKLQwenImage": (3, 4, 1, 4, 4)}


@pytest.mark.parametrize("name", VAES)
def test_the_decoder_is_called_once_for_each_picture(name: str) -> None:
    vae = VAES[name]().vae
    assert type(vae).__name__ == name
    assert isinstance(vae.decoder, torch.nn.Module), broken("decoder", f"{name}.decoder is a torch module")
    vae.enable_slicing()
    sizes: list[int] = []
    handle = vae.decoder.register_forward_pre_hook(lambda _, arguments: sizes.append(len(arguments[0])))
    with torch.no_grad():
        vae.decode(torch.zeros(SHAPES.get(name, (3, 4, 4, 4))))
    handle.remove()
    assert sizes == [1, 1, 1], broken("decoder", f"with slicing, {name} decodes one picture after the other")
