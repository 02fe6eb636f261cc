"""Tiny Stable Diffusion 1, 2 and SDXL whose prompts are encoded directly, without rendering."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from engine.diffusion.embeddings import load_embeddings
from engine.diffusion.prompts import PromptCache
from engine.rendering.requests import EmbeddingChoice
from tests.support.engine.families.parts import WIDTH, tokenizer
from tests.support.engine.families.unets import sd1, sd2, sdxl
from tests.support.engine.tiny import SETTINGS

SECOND_WIDTH = 24


@dataclass(slots=True)
class Encoded:
    """A pipeline and its cache of prompts.

    Attributes:
        pipe: The pipeline.
        warnings: Those of the last prompts.
    """

    pipe: Any
    warnings: list[str] = field(default_factory=list)
    cache: PromptCache = field(init=False)

    def __post_init__(self) -> None:
        """Put the cache before the pipeline."""
        self.cache = PromptCache(self.pipe)

    def __call__(self, prompt: str, negative: str = "", *, style: str = "a1111", clip_skip: int = 0) -> Any:
        """Return what `encode_prompt` returns for both prompts."""
        settings = replace(SETTINGS, prompt=prompt, negative_prompt=negative, prompt_style=style, clip_skip=clip_skip)
        with torch.no_grad(), self.cache.reading(settings) as self.warnings:
            return self.pipe.encode_prompt(
                prompt=[prompt],
                device=torch.device("cpu"),
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
                negative_prompt=[negative] if negative else None,
            )

    def use(self, *choices: EmbeddingChoice) -> None:
        """Let prompts name these textual inversions."""
        self.cache.use(load_embeddings(self.pipe, choices))


def build(name: str) -> Any:
    """Return the pipeline "SD 1", "SD 2" or "SDXL"; each has text encoders like those of its family."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if name == "SDXL":
            pipe = sdxl(SECOND_WIDTH)
            pipe.tokenizer_2.pad_token = "!"
            return pipe
        pipe = sd1() if name == "SD 1" else sd2()
        if name == "SD 2":
            pipe.tokenizer.pad_token = "!"
            pipe.text_encoder = _open_clip()
        norm = pipe.text_encoder.final_layer_norm  # new ones give a mean of 0, by which A1111 divides
        torch.nn.init.normal_(norm.weight, mean=1.0)
        torch.nn.init.normal_(norm.bias)
        return pipe


def inversion(path: Path, word: str, **vectors: torch.Tensor) -> EmbeddingChoice:
    """Write the file of a textual inversion."""
    save_file(vectors, path)
    return EmbeddingChoice(path=str(path), word=word)


def _open_clip() -> Any:
    """The text encoder of Stable Diffusion 2, with its 23 of 24 layers."""
    words = tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=23,
        num_attention_heads=2,
        max_position_embeddings=48,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=0,
    )
    return CLIPTextModel(config).eval()
