"""Writes the trained model as a plain `StableDiffusionPipeline` folder that both transformers 4 and 5 can load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTokenizer

from engine.embedded.training.autoencoder import encode
from engine.embedded.training.data import held_out
from engine.embedded.training.log import log
from engine.embedded.training.unet import new_scheduler

LIMIT = 16_000_000  # bytes of the whole folder
PROMPTS = (
    "a red sun over snowy mountains, a lake, sunset, two pine trees, a white sailboat",
    "a meadow at day, hills, a windmill with a red roof, a path, clouds",
    "the sea at night, a full moon, a lighthouse, stars",
    "a huge orange sun over the sea, an island, sunset, a palm grove",
    "snowy mountains, a snowy field, dawn, a house with a blue roof, a pine forest",
    "pyramids and sand dunes, dawn, golden sky, three cacti",
    "a green meadow, a castle with a red roof, cherry trees, purple mountains, day",
    "a lake at dawn, lavender sky, green mountains, a yellow hot air balloon",
    "a volcano above a lake, night, teal sky, a crescent moon",
    "autumn fields, sunset, a red sun, hills, three trees, birds",
)
_DEFAULTS = {
    "width": 128,
    "height": 128,
    "steps": 6,
    "other_steps": 12,
    "guidance": 2.5,
    "scheduler": "UniPC",
    "scale": 0.7,
}


def export(folder: Path, target: Path) -> None:
    """Write the model of a run in half precision, with its defaults in `warmer.json`.

    Args:
        folder: The folder of the run.
        target: The folder to write to; other files in it stay.

    Raises:
        ValueError: The model would be larger than 16 MB.
    """
    trained = folder / "trained"
    vae = AutoencoderKL.from_pretrained(trained / "vae")
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel.from_pretrained(trained / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=UNet2DConditionModel.from_pretrained(trained / "unet"),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    part = folder / "pipeline"
    shutil.rmtree(part, ignore_errors=True)
    (part / "vae").mkdir(parents=True)
    colours = preview_colours(vae)
    pipeline.to(torch.float16).save_pretrained(part, safe_serialization=True)
    _as_transformers_4(part, folder / "tokenizer")
    _remove_paths(part)
    settings = {**_DEFAULTS, "preview": colours, "prompts": PROMPTS}
    (part / "warmer.json").write_text(json.dumps(settings, indent=1) + "\n")
    size = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
    if size > LIMIT:
        raise ValueError(f"{part}: the model may have at most {LIMIT} bytes, found {size}")
    shutil.copytree(part, target, dirs_exist_ok=True)
    log(f"export: {size / 1e6:.2f} MB in {target}")


def preview_colours(vae: AutoencoderKL) -> list[list[float]]:
    """Return the linear map from latents and 1 to the mean colour of their 8x8 pixels: 5 rows of RGB in 0..255."""
    pixels = np.stack([picture.pixels for _, picture, _ in held_out(128)])
    latents = encode(vae, pixels).cpu().double().numpy().transpose(0, 2, 3, 1).reshape(-1, 4)
    means = pixels.reshape(-1, 16, 8, 16, 8, 3).mean((2, 4)).reshape(-1, 3)
    rows = np.linalg.lstsq(np.column_stack([latents, np.ones(len(latents))]), means, rcond=None)[0]
    return [[round(value, 2) for value in row] for row in rows.tolist()]


def _as_transformers_4(part: Path, tokenizer: Path) -> None:
    """Restore the prefix of the weights' names: transformers 5 drops it, and transformers 4 needs it."""
    path = part / "text_encoder" / "model.safetensors"
    weights = load_file(path)
    if not any(name.startswith("text_model.") for name in weights):
        renamed = {f"text_model.{name}": value for name, value in weights.items()}
        save_file(renamed, path, metadata={"format": "pt"})
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(tokenizer / name, part / "tokenizer" / name)


def _remove_paths(part: Path) -> None:
    """Remove the paths that configurations were loaded from, since the model is published."""
    for path in part.rglob("*.json"):
        if path.parent.name == "tokenizer":
            continue
        values = json.loads(path.read_text())
        if isinstance(values, dict) and values.pop("_name_or_path", None) is not None:
            path.write_text(json.dumps(values, indent=2) + "\n")
