"""A Stable Diffusion pipeline with random weights, small enough for a test: 32 x 32 pixels, noise 4 x 16 x 16.

Random weights are enough: a picture changes with its initial noise, with its step noise and with its slot.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import engine
from engine.diffusion.load import LoadedModel, load_model
from engine.rendering.events import Event, StepDone
from engine.rendering.requests import LoadModel, ModelChoice, PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from latentpng.record import LatentRecord, Lineage, SeedRoot

TOKENIZER = Path(engine.__file__).parent / "embedded" / "model" / "tokenizer"
SETTINGS = RenderSettings(prompt="a lake", width=32, height=32, num_inference_steps=4, guidance_scale=3.0, step_seed=9)
TASKS = tuple(PictureTask(index=index, lineage=Lineage(root=SeedRoot(seed=index))) for index in range(3))


def build_tiny() -> Any:
    """Return the pipeline, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
        text = CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=48,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        return StableDiffusionPipeline(
            vae=AutoencoderKL(
                block_out_channels=(8, 8),
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
                latent_channels=4,
                norm_num_groups=4,
                sample_size=32,
            ),
            unet=UNet2DConditionModel(
                block_out_channels=(8, 16),
                layers_per_block=1,
                sample_size=16,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                cross_attention_dim=16,
                attention_head_dim=4,
                norm_num_groups=4,
            ),
            text_encoder=CLIPTextModel(text).eval(),
            tokenizer=tokenizer,
            scheduler=DDIMScheduler(clip_sample=False, beta_schedule="scaled_linear", steps_offset=1),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def save_tiny(folder: Path) -> ModelChoice:
    """Write the pipeline as a diffusers folder."""
    build_tiny().save_pretrained(folder, safe_serialization=True)
    return ModelChoice(path=str(folder), name=folder.name)


def load_tiny(choice: ModelChoice) -> LoadedModel:
    """Load a saved pipeline as the worker does."""
    return load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)


def job_of(record: LatentRecord) -> RenderJob:
    """Return the job that renders the picture of a file again, in its recorded slot."""
    slot = record.settings["slot"]
    assert isinstance(slot, list | tuple)
    count, index = slot
    assert isinstance(count, int)
    assert isinstance(index, int)
    return RenderJob(
        job=1,
        tasks=(PictureTask(index=0, lineage=record.lineage, slot=(count, index)),),
        settings=RenderSettings.from_json(record.settings, defaults=SETTINGS),
        root_tensor=record.root_tensor,
    )


def slow_clock(events: list[Event], step_takes: float = 1.0) -> Callable[[], float]:
    """Return a clock for the pace of previews that advances with each step, so that a preview is due after each."""
    return lambda: step_takes * sum(isinstance(event, StepDone) for event in events)
