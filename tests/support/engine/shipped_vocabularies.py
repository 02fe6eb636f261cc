"""Packs engine/models/configs/*.json.xz: the vocabularies of the text encoders, each as {file name: text}.

`python -m tests.support.engine.shipped_vocabularies CLIP T5 QWEN3` writes them anew, from OpenAI's
bpe_simple_vocab_16e6.txt.gz and from the tokenizer folders of google/t5-v1_1-xxl and Qwen/Qwen3-4B.
"""

from __future__ import annotations

import gzip
import json
import lzma
import sys
from pathlib import Path

import engine

FOLDER = Path(engine.__file__).parent / "models" / "configs"
_CLIP_MERGES = 49152 - 256 - 2
"""The merges that CLIP uses, of 262,144.  The vocabulary has 49408 entries: 256 bytes, the same at the end of a word,
one for each merge, and two special ones."""
_CLIP_TOKENIZER = {
    "tokenizer_class": "CLIPTokenizer",
    "add_prefix_space": False,
    "bos_token": "<|startoftext|>",
    "do_lower_case": True,
    "eos_token": "<|endoftext|>",
    "errors": "replace",
    "model_max_length": 77,
    "pad_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
}
_NAMES = ("special_tokens_map.json", "tokenizer_config.json", "tokenizer.json")


def clip_files(source: Path) -> dict[str, str]:
    """Return CLIP's merges.txt; the vocabulary follows from it."""
    lines = gzip.decompress(source.read_bytes()).decode("utf-8").split("\n")
    merges = "\n".join(["#version: 0.2", *lines[1 : _CLIP_MERGES + 1]]) + "\n"
    return {"merges.txt": merges, "tokenizer_config.json": json.dumps(_CLIP_TOKENIZER, indent=1, sort_keys=True) + "\n"}


def tokenizer_files(folder: Path) -> dict[str, str]:
    """Return the files of a tokenizer's folder."""
    return {name: _text_of(folder, name) for name in _NAMES}


def pack(name: str, files: dict[str, str]) -> None:
    """Write one packed vocabulary."""
    data = json.dumps(files, ensure_ascii=False, sort_keys=True).encode("utf-8")
    (FOLDER / f"{name}.json.xz").write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def _text_of(folder: Path, name: str) -> str:
    packed = folder / f"{name}.gz"
    return (gzip.decompress(packed.read_bytes()) if packed.is_file() else (folder / name).read_bytes()).decode("utf-8")


if __name__ == "__main__":
    clip, t5, qwen3 = map(Path, sys.argv[1:])
    pack("clip", clip_files(clip))
    pack("t5", tokenizer_files(t5))
    pack("qwen3", tokenizer_files(qwen3))
