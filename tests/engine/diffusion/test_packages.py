"""Tokenizers that are only a sentencepiece model, and models whose packages are not installed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import sentencepiece
import torch
from diffusers.utils import dummy_torch_and_transformers_and_sentencepiece_objects as dummies
from transformers import T5Config, T5EncoderModel

from engine.diffusion import packages
from engine.diffusion.load import load_model
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.resolve import resolve_model
from engine.rendering.requests import LoadModel
from engine.rendering.settings import RenderSettings
from latentpng.noise.gauss1 import gauss1
from tests.support.engine.families.parts import T5_WIDTH
from tests.support.engine.families.pixart import pixart_sigma
from tests.support.engine.folders import change_index, model_folder
from tests.support.engine.tiny import load_tiny

pytestmark = pytest.mark.slow  # it imports torch and diffusers

PROMPT = "a lighthouse on a cliff at dusk, oil painting"
TEXTS = (
    PROMPT,
    "a fox asleep in tall grass, morning light",
    "a narrow street in the rain, neon signs",
    "a bowl of lemons on a blue table, still life",
    "an old astronomer's study by candlelight, with maps on the wall",
    "boats in a harbour under heavy clouds, a lighthouse behind them",
    "a field of grass and a cliff above the grey sea at dusk",
)
WORDS = 96
"""At most."""
EXTRA = 100
"""T5 adds so many words that stand for gaps."""


def trained(folder: Path) -> Path:
    """Train a tiny sentencepiece model with the settings of T5: padding 0, end 1, unknown 2, no beginning."""
    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_prefix=str(folder / "spiece"),
        vocab_size=WORDS,
        hard_vocab_limit=False,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (folder / "spiece.vocab").unlink()
    return folder / "spiece.model"


@pytest.fixture(scope="module")
def pixart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PixArt sigma whose tokenizer is a true T5 one, and only a spiece.model, as its authors published it."""
    folder = tmp_path_factory.mktemp("models") / "pixart"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipe = pixart_sigma()
        text = T5Config(vocab_size=WORDS + EXTRA, d_model=T5_WIDTH, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
        pipe.register_modules(text_encoder=T5EncoderModel(text).eval())
    pipe.save_pretrained(folder)
    for file in (folder / "tokenizer").iterdir():
        file.unlink()
    trained(folder / "tokenizer")
    entries = {"tokenizer_class": "T5Tokenizer", "model_max_length": 512, "extra_ids": EXTRA}
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(entries))
    change_index(folder, tokenizer=["transformers", "T5Tokenizer"])
    return folder


def test_pixart_reads_the_words_of_a_true_t5_tokenizer(pixart: Path) -> None:
    loaded = load_tiny(resolve_model(str(pixart)))
    words = sentencepiece.SentencePieceProcessor(model_file=str(pixart / "tokenizer" / "spiece.model"))
    tokens = loaded.pipe.tokenizer(PROMPT, padding="max_length", max_length=60).input_ids
    expected = [*words.encode(PROMPT), 1]
    assert tokens == [*expected, *[0] * (60 - len(expected))]
    assert len(set(expected)) > 10
    noise = gauss1(5, 0, 4 * 32 * 32).reshape(1, 4, 32, 32).astype(np.float16)

    def picture(prompt: str) -> Any:
        settings = RenderSettings(prompt=prompt, width=256, height=256, num_inference_steps=2, guidance_scale=3.0)
        return BatchRenderer(loaded).render(noise, settings, lambda _: None).pixels

    assert not np.array_equal(picture(PROMPT), picture("neon signs in the rain"))


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (("sentencepiece",), "the package sentencepiece, which is not installed here: pip install sentencepiece"),
        (("google.protobuf",), "the package protobuf, which is not installed here: pip install protobuf"),
        (
            ("sentencepiece", "google.protobuf"),
            "the packages sentencepiece and protobuf, which are not installed here: pip install sentencepiece protobuf",
        ),
    ],
)
def test_a_tokenizer_whose_reader_is_missing_names_the_package(
    pixart: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], named: str
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name in missing else find_spec(name))
    with pytest.raises(ModelError) as caught:
        load_tiny(resolve_model(str(pixart)))
    assert str(caught.value) == f"the tokenizer 'tokenizer' of 'pixart' needs {named}"


def test_a_pipeline_that_diffusers_lacks_a_package_for_is_not_called_unable_to_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "kolors")
    change_index(folder, _class_name="KolorsPipeline")
    monkeypatch.setattr(diffusers, "KolorsPipeline", dummies.KolorsPipeline)
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "sentencepiece" else find_spec(name))
    settings = RenderSettings(prompt="", width=64, height=64, num_inference_steps=1, guidance_scale=1.0)
    with pytest.raises(ModelError) as caught:
        load_model(LoadModel(model=resolve_model(str(folder)), settings=settings, device="cpu"), lambda _: None)
    assert str(caught.value) == (
        "'kolors' (KolorsPipeline) needs the package sentencepiece, which is not installed here: "
        "pip install sentencepiece"
    )
