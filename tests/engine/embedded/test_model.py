"""The model that ships: its size, its files, and its pictures with plain diffusers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.embedded.training.classifier import ATTRIBUTES, load_classifier
from engine.models.fingerprints import fingerprint
from engine.models.resolve import defaults_of, resolve_model

FOLDER = Path(resolve_model("").path)
ASKED = {
    "a lake at night, mountains, teal sky, a full moon": {"time": "night", "ground": "lake", "sky": "teal"},
    "the sea at sunset, orange sky, a huge red sun": {"time": "sunset", "ground": "sea", "body": "sun"},
    "a desert at day, blue sky, pyramids": {"time": "day", "ground": "desert", "relief": "pyramids"},
    "a snowy field, dawn, pink sky, snowy mountains": {"time": "dawn", "ground": "snow", "relief": "snowy mountains"},
    "a green meadow, day, turquoise sky, hills": {"time": "day", "ground": "meadow", "sky": "turquoise"},
    "autumn fields, sunset, purple sky, mountains": {"time": "sunset", "ground": "autumn", "sky": "purple"},
}
PROGRAM = """
import sys, numpy, torch
from diffusers import DiffusionPipeline
pipe = DiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32, local_files_only=True)
pipe.set_progress_bar_config(disable=True)
prompts = sys.argv[3:]
images = pipe(prompts, num_inference_steps=8, guidance_scale=2.0, generator=torch.Generator().manual_seed(0)).images
numpy.save(sys.argv[2], numpy.stack([numpy.asarray(image) for image in images]))
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    """What plain diffusers writes while it loads and renders, and the pictures."""
    path = tmp_path_factory.mktemp("drawn") / "pictures.npy"
    command = [sys.executable, "-c", PROGRAM, str(FOLDER), str(path), *ASKED]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    return found.stderr, np.load(path)


def test_the_model_has_at_most_16_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 16_000_000


def test_pictures_that_were_made_with_these_weights_still_name_them() -> None:
    """Files record this fingerprint, so the defaults in `warmer.json` may change and the rest of the folder may not."""
    assert fingerprint(FOLDER) == "86de530839c967d8f6da425c41f0f5ed366d643b404ea28c2be2c397f433fc47"


def test_the_model_contains_no_code_and_no_pickles() -> None:
    assert {path.suffix for path in FOLDER.rglob("*") if path.is_file()} == {".json", ".md", ".safetensors", ".txt"}


@pytest.mark.slow
def test_plain_diffusers_loads_the_model_without_notices(
    drawn: tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]],
) -> None:
    for word in ("not used", "newly initialized", "unexpected", "missing", "mismatch"):
        assert word not in drawn[0].lower()


@pytest.mark.slow
def test_pictures_show_what_their_prompts_ask_for(
    drawn: tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]],
) -> None:
    found = load_classifier().read(drawn[1])
    names = list(ATTRIBUTES)
    right = [
        ATTRIBUTES[name][found[k, names.index(name)]] == value
        for k, wishes in enumerate(ASKED.values())
        for name, value in wishes.items()
    ]
    assert len(right) == 18
    assert sum(right) >= 15


def test_transformers_4_finds_weights_and_vocabulary() -> None:
    header = (FOLDER / "text_encoder" / "model.safetensors").read_bytes()[:20_000]
    assert b'"text_model.embeddings.token_embedding.weight"' in header
    assert {"vocab.json", "merges.txt"} <= {path.name for path in (FOLDER / "tokenizer").iterdir()}


def test_configurations_contain_no_paths() -> None:
    for path in FOLDER.rglob("*.json"):
        assert "_name_or_path" not in path.read_text(), path


def test_the_card_has_its_sections() -> None:
    card = (FOLDER / "README.md").read_text()
    for heading in ("## Data", "## Training", "## Figures", "## Use", "## Limits", "## Licence"):
        assert heading in card


def test_example_prompts_use_words_of_the_vocabulary() -> None:
    prompts = defaults_of(resolve_model("")).prompts
    known = set(json.loads((FOLDER / "tokenizer" / "vocab.json").read_text()))
    assert len(prompts) >= 6
    for word in " ".join(prompts).replace(",", "").split():
        assert f"{word}</w>" in known, word
