"""Families that read texts with T5, alone or with BERT beside it."""

from __future__ import annotations

from typing import Any

from diffusers import (
    BriaPipeline,
    BriaTransformer2DModel,
    CogVideoXDDIMScheduler,
    CogView3PlusPipeline,
    CogView3PlusTransformer2DModel,
    DDPMScheduler,
    FlowMatchEulerDiscreteScheduler,
    HunyuanDiT2DModel,
    HunyuanDiTPipeline,
    IFPipeline,
    Kandinsky3Pipeline,
    Kandinsky3UNet,
    UNet2DConditionModel,
    VQModel,
)
from transformers import BertConfig, BertModel

from tests.support.engine.families.parts import T5_WIDTH, WIDTH, t5, tokenizer, vae


def bria() -> Any:
    """Return Bria 3.2: as Flux.1, with T5 alone and guidance by a negative prompt."""
    return BriaPipeline(
        transformer=BriaTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=T5_WIDTH,
            axes_dims_rope=[4, 4, 8],
        ),
        text_encoder=t5(),
        tokenizer=tokenizer(),
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


def kandinsky3() -> Any:
    """Return Kandinsky 3: its autoencoder is called `movq`, and its UNet has four resolutions."""
    return Kandinsky3Pipeline(
        tokenizer=tokenizer(),
        text_encoder=t5(),
        unet=Kandinsky3UNet(
            in_channels=4,
            time_embedding_dim=4,
            groups=2,
            attention_head_dim=4,
            layers_per_block=3,
            block_out_channels=(8, 8, 8, 8),
            cross_attention_dim=8,
            encoder_hid_dim=T5_WIDTH,
        ),
        scheduler=DDPMScheduler(beta_start=0.00085, beta_end=0.02, clip_sample=False),
        movq=VQModel(
            block_out_channels=(32,) * 4,  # its norms have 32 groups
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("AttnUpDecoderBlock2D", *("UpDecoderBlock2D",) * 3),
            latent_channels=4,
            num_vq_embeddings=12,
            norm_type="spatial",
            vq_embed_dim=4,
        ),
    )


def cogview3() -> Any:
    """Return CogView 3+, which comes with a scheduler of CogVideoX and predicts v."""
    return CogView3PlusPipeline(
        tokenizer=tokenizer(),
        text_encoder=t5(),
        vae=vae(),
        transformer=CogView3PlusTransformer2DModel(
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=4,
            num_attention_heads=2,
            text_embed_dim=T5_WIDTH,
            time_embed_dim=8,
            condition_dim=2,
            pos_embed_max_size=64,
            sample_size=16,
        ),
        scheduler=CogVideoXDDIMScheduler(prediction_type="v_prediction", snr_shift_scale=1.0, clip_sample=False),
    )


def deepfloyd() -> Any:
    """Return the first stage of DeepFloyd IF: it denoises pixels, and predicts its variance."""
    return IFPipeline(
        tokenizer=tokenizer(),
        text_encoder=t5(),
        unet=UNet2DConditionModel(
            sample_size=32,
            block_out_channels=(32, 64),  # its norms have 32 groups
            layers_per_block=1,
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            in_channels=3,
            out_channels=6,
            cross_attention_dim=32,
            encoder_hid_dim=T5_WIDTH,
            attention_head_dim=4,
            addition_embed_type="text",
            addition_embed_type_num_heads=2,
            cross_attention_norm="group_norm",
            resnet_time_scale_shift="scale_shift",
            act_fn="gelu",
        ),
        scheduler=DDPMScheduler(
            beta_schedule="squaredcos_cap_v2", thresholding=True, variance_type="learned_range", clip_sample=True
        ),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )


def hunyuan_dit() -> Any:
    """Return Hunyuan-DiT: BERT and T5, sizes as a condition, and a variance that it predicts."""
    return HunyuanDiTPipeline(
        vae=vae(halvings=3),
        text_encoder=BertModel(
            BertConfig(
                vocab_size=len(tokenizer()),
                hidden_size=WIDTH,
                intermediate_size=32,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=128,
            )
        ).eval(),
        tokenizer=tokenizer(),
        text_encoder_2=t5(),
        tokenizer_2=tokenizer(),
        transformer=HunyuanDiT2DModel(
            sample_size=16,
            num_layers=2,
            patch_size=4,
            attention_head_dim=8,
            num_attention_heads=3,
            in_channels=4,
            cross_attention_dim=WIDTH,
            cross_attention_dim_t5=T5_WIDTH,
            pooled_projection_dim=16,
            hidden_size=24,
            activation_fn="gelu-approximate",
        ),
        scheduler=DDPMScheduler(beta_end=0.02, beta_schedule="scaled_linear", prediction_type="v_prediction"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
