"""Tiny autoencoders from single files: the network of their authors, written out here, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file
from torch import nn

from engine.diffusion.load import load_model
from engine.diffusion.tiny_autoencoders import load_tiny_decoder
from engine.errors import ModelError
from engine.models.resolve import resolve_preview_vae
from engine.rendering.requests import LoadModel
from tests.support.engine.tiny import SETTINGS, save_tiny

pytestmark = pytest.mark.slow  # it imports torch and diffusers


class Clamp(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(width, width, 3, padding=1) for _ in range(3)]
        self.conv = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.conv(x) + x)


def decoder(channels: int, width: int = 64) -> nn.Sequential:
    """TAESD's decoder as its authors publish it."""

    def larger() -> list[nn.Module]:
        return [
            *(Block(width) for _ in range(3)),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
        ]

    first, last = nn.Conv2d(channels, width, 3, padding=1), nn.Conv2d(width, 3, 3, padding=1)
    return nn.Sequential(Clamp(), first, nn.ReLU(), *larger(), *larger(), *larger(), Block(width), last).eval()


def encoder(channels: int, width: int = 8) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), Block(width), nn.Conv2d(width, channels, 3, padding=1))


def saved(module: nn.Module, path: Path) -> Path:
    save_file({name: value.contiguous() for name, value in module.state_dict().items()}, path)
    return path


@pytest.mark.parametrize("channels", [4, 16], ids=["TAESD, TAESDXL", "TAESD3, TAEF1"])
def test_the_file_of_a_decoder_decodes_as_its_authors_do(tmp_path: Path, channels: int) -> None:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        network = decoder(channels)
        tiny = load_tiny_decoder(saved(network, tmp_path / "taesd_decoder.safetensors"))
        latents = torch.randn(2, channels, 5, 7)
        torch.testing.assert_close(tiny.decode(latents).sample, network(latents) * 2 - 1, rtol=0, atol=0)
    assert tiny.config.latent_channels == channels


def test_a_file_of_diffusers_without_its_configuration_decodes_as_its_folder(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        whole = AutoencoderTiny(latent_channels=16, num_decoder_blocks=(3, 2, 1), decoder_block_out_channels=(8, 8, 8))
    whole.save_pretrained(tmp_path)
    with torch.no_grad():
        latents = torch.randn(1, 16, 4, 4)
        alone = load_tiny_decoder(tmp_path / "diffusion_pytorch_model.safetensors").decode(latents).sample
        assert torch.equal(alone, whole.eval().decode(latents).sample)


def test_loading_leaves_the_random_generator_as_it_is(tmp_path: Path) -> None:
    file = saved(decoder(4), tmp_path / "taesd_decoder.safetensors")
    before = torch.random.get_rng_state()
    load_tiny_decoder(file)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_preview_vae_may_be_a_file_and_an_encoder_means_the_decoder_beside_it(tmp_path: Path) -> None:
    file = saved(decoder(4), tmp_path / "taesd_decoder.safetensors")
    beside = saved(encoder(4), tmp_path / "taesd_encoder.safetensors")
    assert resolve_preview_vae(str(file)) == resolve_preview_vae(str(beside)) == str(file)
    request = LoadModel(model=save_tiny(tmp_path / "tiny"), settings=SETTINGS, device="cpu", preview_vae=str(file))
    assert load_model(request, lambda _: None).tiny.decoder.layers[0].in_channels == 4
    wide = saved(decoder(16), tmp_path / "taef1_decoder.safetensors")
    with pytest.raises(ModelError) as caught:
        load_model(
            LoadModel(model=request.model, settings=SETTINGS, device="cpu", preview_vae=str(wide)), lambda _: None
        )
    assert str(caught.value) == (
        "the preview VAE 'taef1_decoder.safetensors' belongs to another family: it takes 16 latent channels, not 4"
    )


def problem_of(text: str) -> str:
    with pytest.raises(ModelError) as caught:
        load_tiny_decoder(Path(resolve_preview_vae(text)))
    return str(caught.value)


def test_files_that_are_no_decoder_are_refused_in_words(tmp_path: Path) -> None:
    alone = saved(encoder(4), tmp_path / "taesd_encoder.safetensors")
    assert problem_of(str(alone)) == (
        "taesd_encoder.safetensors holds the encoder of a tiny autoencoder, and previews need the decoder: "
        "name the file that ends in _decoder.safetensors"
    )
    other = tmp_path / "ae.safetensors"
    save_file({"decoder.conv_in.weight": torch.zeros(2)}, other)
    assert problem_of(str(other)) == ("ae.safetensors holds no tiny autoencoder (TAESD, TAESDXL, TAESD3 or TAEF1)")
    (tmp_path / "taesd_decoder.pth").write_bytes(b"\x80\x04.")
    assert problem_of(str(tmp_path / "taesd_decoder.pth")) == (
        "taesd_decoder.pth is a pickle file, which can run code when it is opened: get the .safetensors version"
    )
    assert problem_of(f"{tmp_path}/none.safetensors") == (
        f"--preview-vae needs the folder or the file of a tiny autoencoder: there is no '{tmp_path}/none.safetensors'"
    )


def test_a_decoder_that_lacks_a_tensor_is_damaged(tmp_path: Path) -> None:
    file = saved(decoder(4, width=8), tmp_path / "taesd_decoder.safetensors")
    state = load_file(file)
    state.pop("4.conv.2.bias")
    save_file(state, file)
    assert problem_of(str(file)) == (
        "taesd_decoder.safetensors is damaged, or a tiny autoencoder of another structure: "
        "decoder.layers.3.conv.2.bias is missing"
    )


def test_a_decoder_that_would_not_fit_into_memory_is_refused(tmp_path: Path) -> None:
    """A file of a megabyte whose first layer says that there are a million channels."""
    layers = {"1.weight": torch.zeros(100_000, 4, 1, 1), "3.conv.0.weight": torch.zeros(1), "4.weight": torch.zeros(3)}
    save_file(layers, tmp_path / "taesd_decoder.safetensors")
    assert problem_of(str(tmp_path / "taesd_decoder.safetensors")) == (
        "taesd_decoder.safetensors holds a tiny autoencoder of 3 layers with 100,000 channels, where at most 100 with "
        "512 can be used"
    )
