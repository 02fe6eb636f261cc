"""Canary: the converters of diffusers for the weights of single files."""

from __future__ import annotations

from diffusers import AutoencoderKL, UNet2DConditionModel

from engine.diffusion.seams.single_files import missing_weights
from tests.support.engine.canary import broken
from tests.support.engine.single_file import as_single_file
from tests.support.engine.tiny import build_tiny


def test_what_a_single_file_lacks_is_named_as_the_model_names_it() -> None:
    pipe = build_tiny()
    whole = as_single_file(pipe)
    for kind, part, stored, name in (
        (UNet2DConditionModel, pipe.unet, "model.diffusion_model.out.2.bias", "conv_out.bias"),
        (AutoencoderKL, pipe.vae, "first_stage_model.decoder.norm_out.weight", "decoder.conv_norm_out.weight"),
    ):
        config = dict(part.config)
        fault = broken("single_files", "SINGLE_FILE_LOADABLE_CLASSES has converters that name weights as models do")
        assert missing_weights(kind, whole, config) == [], fault
        assert missing_weights(kind, {key: whole[key] for key in whole if key != stored}, config) == [name], fault
