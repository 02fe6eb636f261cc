"""Families that are used as they are built, because some part can be loaded only with a package that tests do not need.

Qwen-Image 2.1 and LongCat-Image bring a processor for pictures, which needs torchvision; here a smaller one stands for
it, which reads texts alone.  PRX cleans its text with ftfy; here it does not.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from diffusers import (
    AutoencoderKLQwenImage21,
    FlowMatchEulerDiscreteScheduler,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    PRXPipeline,
    PRXPixelPipeline,
    PRXTransformer2DModel,
    QwenImage21Pipeline,
    QwenImage21Transformer2DModel,
)
from transformers import Qwen3Config, Qwen3Model, Qwen3VLForConditionalGeneration

from tests.support.engine.families.parts import (
    WIDTH,
    byte_tokenizer,
    decoder_config,
    gemma,
    qwen3_vl_config,
    qwen_vl,
    vae,
)

_TOKENS = 64


class TextProcessor:
    """Does what these pipelines ask of a processor of texts and pictures, for texts."""

    def __init__(self) -> None:
        self.tokenizer = byte_tokenizer()

    def __call__(self, *, text: list[str], padding_side: str = "right", images: None = None, **options: Any) -> Any:
        """Return the tokens of texts."""
        if images is not None:
            raise ValueError("this processor reads texts alone")
        self.tokenizer.padding_side = padding_side
        return self.tokenizer(text, **options)

    def apply_chat_template(self, messages: Any, *, tokenize: bool = True, **options: Any) -> Any:
        """Return a chat as a text, or its tokens in a list as for several chats."""
        if not tokenize:
            return self.tokenizer.apply_chat_template(messages, tokenize=False, **options)
        return [self.tokenizer.apply_chat_template(messages, **options)]


def qwen_image_21() -> Any:
    """Return Qwen-Image 2.1: it has no guidance but the "true" one, and draws RGBA."""
    return QwenImage21Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLQwenImage21(
            base_dim=8,
            decoder_base_dim=8,
            z_dim=4,
            dim_mult=[1, 1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False] * 4,
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ),
        text_encoder=Qwen3VLForConditionalGeneration(qwen3_vl_config()).eval(),
        processor=TextProcessor(),
        transformer=QwenImage21Transformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            context_in_dim=WIDTH,
            axes_dims_rope=(4, 6, 6),
        ),
    )


def longcat() -> Any:
    """Return LongCat-Image: as Flux.1, and a chat model that rewrites prompts unless it is told not to."""
    return LongCatImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae(16),
        text_encoder=qwen_vl(),
        tokenizer=byte_tokenizer(),
        text_processor=TextProcessor(),
        transformer=LongCatImageTransformer2DModel(
            patch_size=1,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=[4, 4, 8],
        ),
    )


def prx() -> Any:
    """Return PRX, which renders one picture at a time."""
    return _as_it_is_written(
        PRXPipeline(
            transformer=_prx_transformer(4),
            scheduler=FlowMatchEulerDiscreteScheduler(),
            text_encoder=gemma(),
            tokenizer=byte_tokenizer(longest=_TOKENS),
            vae=vae(),
        )
    )


def prx_pixel() -> Any:
    """Return PRX without an autoencoder: it denoises pixels, and predicts the picture itself."""
    return _as_it_is_written(
        PRXPixelPipeline(
            transformer=_prx_transformer(3),
            scheduler=FlowMatchEulerDiscreteScheduler(),
            text_encoder=Qwen3Model(decoder_config(Qwen3Config)).eval(),
            tokenizer=byte_tokenizer(),
            prompt_max_tokens=_TOKENS,
        )
    )


def _prx_transformer(channels: int) -> Any:
    return PRXTransformer2DModel(
        in_channels=channels,
        patch_size=2,
        context_in_dim=WIDTH,
        hidden_size=16,
        mlp_ratio=2.0,
        num_heads=2,
        depth=1,
        axes_dim=[4, 4],
    )


def _as_it_is_written(pipe: Any) -> Any:
    module = sys.modules[type(pipe).__module__]
    vars(module).setdefault("ftfy", SimpleNamespace(fix_text=str))
    return pipe
