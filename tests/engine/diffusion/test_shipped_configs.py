"""The shipped configurations are what the libraries write, and the libraries read them."""

from __future__ import annotations

import pytest
from transformers import AutoTokenizer, CLIPTokenizer

from engine.models import shipped
from tests.support.engine.shipped_configs import FOLDER, families, made

pytestmark = pytest.mark.slow


def test_every_file_is_what_save_config_writes() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(families()) == set(shipped.CONFIGS.values())
    for name in families():
        assert (FOLDER / f"{name}.json").read_text("utf-8") == made(name), name


def test_the_tokenizers_give_the_published_ids() -> None:
    folder = shipped.config_folder("SDXL")
    first, second = (CLIPTokenizer.from_pretrained(folder / part) for part in ("tokenizer", "tokenizer_2"))
    words = [49406, 320, 1125, 539, 320, 2368, 49407]
    assert first("a photo of a cat").input_ids == words == second("A Photo  of a CAT").input_ids
    assert (first.pad_token_id, second.pad_token_id) == (49407, 0)
    assert (first.model_max_length, second.model_max_length) == (77, 77)
    t5 = AutoTokenizer.from_pretrained(shipped.config_folder("Flux.1 dev") / "tokenizer_2")
    assert t5("a photo of a cat").input_ids == [3, 9, 1202, 13, 3, 9, 1712, 1]
    qwen = AutoTokenizer.from_pretrained(shipped.config_folder("Z-Image") / "tokenizer")
    assert qwen("a photo of a cat").input_ids == [64, 6548, 315, 264, 8251]
    assert "<|im_start|>" in qwen.apply_chat_template([{"role": "user", "content": "a cat"}], tokenize=False)
