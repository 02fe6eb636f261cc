"""Families that few people have: they are rendered alone and in a batch, and stay out of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from diffusers import (
    AutoencoderTiny,
    BriaFibo2Pipeline,
    BriaFibo2Transformer2DModel,
    DDIMScheduler,
    DreamLiteMobilePipeline,
    DreamLitePipeline,
    DreamLiteUNetModel,
    FlowMatchEulerDiscreteScheduler,
    LDMTextToImagePipeline,
    NucleusMoEImagePipeline,
    NucleusMoEImageTransformer2DModel,
    ZImageOmniPipeline,
    ZImageTransformer2DModel,
)
from diffusers.pipelines.latent_diffusion.pipeline_latent_diffusion import LDMBertConfig, LDMBertModel
from transformers import Qwen3VLForConditionalGeneration

from engine.diffusion.load import LoadedModel
from tests.support.engine.families.catalogue import Family, as_built, build_family
from tests.support.engine.families.parts import WIDTH, byte_tokenizer, flux2_vae, qwen3_vl_config, tokenizer, vae
from tests.support.engine.families.processors import TextProcessor
from tests.support.engine.families.unets import unet


def _qwen3_vl(layers: int = 2) -> Any:
    return Qwen3VLForConditionalGeneration(qwen3_vl_config(layers=layers)).eval()


def z_image_omni() -> Any:
    """Return Z-Image Omni, which takes pictures as well; without them its encoder for pictures is not needed."""
    parts = build_family("Z-Image").components
    parts["transformer"] = ZImageTransformer2DModel.from_config(parts["transformer"].config, siglip_feat_dim=WIDTH)
    return ZImageOmniPipeline(**parts, siglip=None, siglip_processor=None)


def nucleus() -> Any:
    """Return NucleusMoE-Image: experts, and a layer of Qwen3-VL that is counted from the end."""
    parts = build_family("Qwen-Image").components
    return NucleusMoEImagePipeline(
        transformer=NucleusMoEImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=4,
            attention_head_dim=16,
            num_attention_heads=2,
            num_key_value_heads=1,
            joint_attention_dim=WIDTH,
            axes_dims_rope=(4, 6, 6),
            num_experts=2,
            moe_intermediate_dim=16,
            capacity_factors=[2.0] * 4,
        ),
        scheduler=parts["scheduler"],
        vae=parts["vae"],
        text_encoder=_qwen3_vl(9),
        processor=TextProcessor(),
    )


def fibo2() -> Any:
    """Return Bria FIBO 2, which reads three layers of Qwen3-VL."""
    return BriaFibo2Pipeline(
        transformer=BriaFibo2Transformer2DModel(
            in_channels=4,
            patch_size=2,
            dim=32,
            n_layers=2,
            n_refiner_layers=1,
            n_heads=2,
            cap_feat_dim=3 * WIDTH,
            injection_layer_ids=(1,),
            perceiver_num_layers=1,
            min_num_gist_tokens=4,
            max_num_gist_tokens=8,
            gist_step=4,
            gist_min_text_len=4,
            gist_max_text_len=64,
            axes_dims=(4, 6, 6),
            axes_lens=(512, 64, 64),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=flux2_vae(),
        text_encoder=_qwen3_vl(36),
        processor=TextProcessor(),
    )


def _dreamlite(kind: Any) -> Any:
    return kind(
        text_encoder=_qwen3_vl(),
        tokenizer=byte_tokenizer(),
        processor=TextProcessor(),
        vae=AutoencoderTiny(
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            num_encoder_blocks=(1, 1),
            num_decoder_blocks=(1, 1),
        ),
        unet=DreamLiteUNetModel(
            block_out_channels=(8, 16, 16),
            layers_per_block=1,
            norm_num_groups=4,
            cross_attention_dim=WIDTH,
            attention_head_dim=8,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def dreamlite() -> Any:
    """Return DreamLite: a UNet that follows a flow; it takes a single text."""
    return _dreamlite(DreamLitePipeline)


def dreamlite_mobile() -> Any:
    """Return DreamLite mobile: distilled, without guidance."""
    return _dreamlite(DreamLiteMobilePipeline)


def latent_diffusion() -> Any:
    """Return the first latent diffusion model: its autoencoder is called `vqvae`, its text encoder `bert`."""
    config = LDMBertConfig(
        vocab_size=len(tokenizer()),
        d_model=WIDTH,
        encoder_layers=1,
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        max_position_embeddings=128,
        head_dim=8,
    )
    return LDMTextToImagePipeline(
        vqvae=vae(halvings=3),
        bert=LDMBertModel(config).eval(),
        tokenizer=tokenizer(),
        unet=unet(WIDTH),
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False),
    )


RARE: Mapping[str, Family] = MappingProxyType(
    {
        "Bria FIBO 2": Family(build=fibo2),
        "DreamLite": Family(build=dreamlite),
        "DreamLite mobile": Family(build=dreamlite_mobile),
        "Latent diffusion": Family(build=latent_diffusion, shape=(4, 8, 8), side=64),
        "NucleusMoE-Image": Family(build=nucleus, shape=(1, 4, 16, 16), axes="1CHW"),
        "Z-Image Omni": Family(build=z_image_omni),
    }
)


def build_rare(name: str) -> LoadedModel:
    """Return a rare family, ready to render, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return as_built(name, RARE[name].build())
