"""Kolors: SDXL with ChatGLM as its text encoder, whose tokenizer is of sentencepiece."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from diffusers import EulerDiscreteScheduler, KolorsPipeline
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

from tests.support.engine.families.parts import WIDTH, vae
from tests.support.engine.families.unets import unet

_WORDS = ("a lake", "a red sun over snowy mountains", "two pine trees and a fox", "fog in the morning")
_TOKENS = 64
_SPECIALS = 16


def kolors() -> Any:
    """Return Kolors."""
    return KolorsPipeline(
        vae=vae(),
        text_encoder=_chat_glm(),
        tokenizer=_tokenizer(),
        unet=unet(
            WIDTH,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=8 * 6 + WIDTH,
            encoder_hid_dim=WIDTH,
            encoder_hid_dim_type="text_proj",
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_end=0.014, steps_offset=1),
    )


def _chat_glm() -> Any:
    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=_TOKENS + _SPECIALS,
        hidden_size=WIDTH,
        ffn_hidden_size=16,
        kv_channels=4,
        num_attention_heads=4,
        seq_length=256,
        multi_query_attention=True,
        multi_query_group_num=2,
        add_qkv_bias=True,
        original_rope=True,
    )
    model = ChatGLMModel(config, empty_init=False)
    for name, weight in model.named_parameters():
        if "norm" in name:
            torch.nn.init.ones_(weight)
    return model.eval()


def _tokenizer() -> Any:
    folder = tempfile.TemporaryDirectory()
    prefix = Path(folder.name) / "tokenizer"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_WORDS * 20),
        model_prefix=str(prefix),
        vocab_size=_TOKENS,
        model_type="bpe",
        minloglevel=2,
    )
    tokenizer = ChatGLMTokenizer(str(prefix.with_suffix(".model")))
    weakref.finalize(tokenizer, folder.cleanup)  # its file is copied from here when the pipeline is saved
    return tokenizer
