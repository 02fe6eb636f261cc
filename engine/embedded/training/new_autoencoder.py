"""The untrained autoencoder, which already resembles the identity."""

from __future__ import annotations

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

LATENT_CHANNELS = 4
_WIDTHS = (16, 32, 64, 96)


def new_autoencoder() -> AutoencoderKL:
    """Return an untrained autoencoder that already averages and interpolates, so that it learns the rest sooner."""
    down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
    vae = AutoencoderKL(
        down_block_types=down,
        up_block_types=up,
        block_out_channels=_WIDTHS,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        mid_block_add_attention=False,
        sample_size=128,
        force_upcast=False,
        scaling_factor=1.0,
    )
    _start_as_identity(vae)
    return vae


# An autoencoder that starts from random weights spends its first minutes on learning to copy colours at a lower
# resolution.  Here every shortcut, every downsampler and every upsampler starts as an identity, a mean or a linear
# interpolation plus a little of its random weights, so that its first output already resembles its input.
@torch.no_grad()
def _start_as_identity(vae: AutoencoderKL) -> None:
    """Give every convolution a share of the identity."""
    mean = torch.zeros(3, 3)
    mean[:2, :2] = 0.25
    linear = torch.tensor([1.0, 2.0, 1.0])
    linear = linear[:, None] * linear[None] / 16
    for part, blocks in ((vae.encoder, vae.encoder.down_blocks), (vae.decoder, vae.decoder.up_blocks)):
        for block in [part.mid_block, *blocks]:
            for resnet in block.resnets:
                resnet.conv2.weight.mul_(0.1)
                if resnet.conv_shortcut is not None:
                    _add_identity(resnet.conv_shortcut, torch.ones(1, 1))
            for downsampler in getattr(block, "downsamplers", None) or []:
                _add_identity(downsampler.conv, mean)
            for upsampler in getattr(block, "upsamplers", None) or []:
                _add_identity(upsampler.conv, linear)
    _carry_colours(vae)


def _add_identity(conv: nn.Conv2d, kernel: Tensor) -> None:
    conv.weight.mul_(0.3)
    if conv.bias is not None:
        conv.bias.zero_()
    for k in range(min(conv.weight.shape[:2])):
        conv.weight[k, k] += kernel


def _carry_colours(vae: AutoencoderKL) -> None:
    """Let the three colours and their negatives pass through to the latents and back."""
    middle = torch.zeros(3, 3)
    middle[1, 1] = 1
    for part in (vae.encoder, vae.decoder):
        part.conv_in.weight.mul_(0.5)
        part.conv_in.weight[:7] = 0
        part.conv_in.bias.zero_()
        part.conv_in.bias[6] = 1.5  # a constant channel keeps the scale of the group norm where a picture is flat
        part.conv_out.weight.mul_(0.1)
        part.conv_out.bias.zero_()
        for k in range(3):
            part.conv_in.weight[k, k], part.conv_in.weight[3 + k, k] = middle, -middle
            part.conv_out.weight[k, k] += 0.7 * middle
            part.conv_out.weight[k, 3 + k] -= 0.7 * middle
    vae.quant_conv.weight.zero_()
    vae.quant_conv.bias.zero_()
    vae.quant_conv.bias[LATENT_CHANNELS:] = -3.0
    vae.post_quant_conv.weight.mul_(0.1)
    for k in range(LATENT_CHANNELS):
        vae.quant_conv.weight[k, k] = 1
        vae.quant_conv.weight[LATENT_CHANNELS + k, LATENT_CHANNELS + k] = 0.05
        vae.post_quant_conv.weight[k, k] += 1
